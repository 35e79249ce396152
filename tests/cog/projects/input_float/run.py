from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(self, scale: float = Input(description="Factor to scale by", default=1.5)) -> str:
        return f"{scale * 2}"
