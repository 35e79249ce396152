from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(self, count: int = Input(description="How many stars")) -> str:
        return f"{type(count).__name__} {count}"
