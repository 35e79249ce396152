from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(self, steps: int = Input(description="How many", default=0, ge=1)) -> str:
        return str(steps)
