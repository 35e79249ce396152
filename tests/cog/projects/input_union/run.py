from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(
        self,
        value: str | float = Input(description="A text or a number"),
        limit: int | bool | None = Input(description="A number, or whether there is one", default=None),
    ) -> str:
        return f"{type(value).__name__} {value}, {type(limit).__name__} {limit}"
