from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(
        self, sides: list[str] = Input(description="Where", choices=["left", "right"], default=["left"])
    ) -> str:
        return "+".join(sides)
