from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(
        self,
        seed: int | None = Input(description="Random seed", default=None),
        style: str | None = Input(description="A style", default="plain"),
        text: str = "hello",
    ) -> str:
        return f"{seed} {style} {text}"
