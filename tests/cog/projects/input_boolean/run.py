from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(self, loud: bool = Input(description="Whether to shout"), tidy: bool = True) -> str:
        return f"loud={loud!r} tidy={tidy!r}"
