from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(self, prompt: str = Input(description="What to say", default=None)) -> str:
        return f"hello {prompt}"
