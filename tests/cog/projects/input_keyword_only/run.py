from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(self, prompt: str, *, seed: int = 7, steps: int = Input(description="How many", le=50)) -> str:
        return f"{prompt} {seed} {steps}"
