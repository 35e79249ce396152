from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(
        self,
        zoom: int = Input(description="First"),
        alpha: str = Input(description="Second", default="a"),
        mid: float = Input(description="Third", default=0.5),
        beta: bool = Input(description="Fourth", default=True),
    ) -> str:
        return f"{zoom} {alpha} {mid} {beta}"
