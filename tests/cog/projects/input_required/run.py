from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(self, prompt: str = Input(description="What to draw"), seed: int = Input(), *, steps: int) -> str:
        return f"{prompt} {seed} {steps}"
