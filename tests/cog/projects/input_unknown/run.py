from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(self, prompt: str = Input(description="What to draw"), num_steps: int = 10) -> str:
        return f"{prompt} {num_steps}"
