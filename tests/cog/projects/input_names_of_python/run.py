from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(
        self,
        input: str,
        id: int = Input(description="A number"),
        type: str = "t",
        format: str = "f",
        default: str = "d",
        self_: str = "s",
    ) -> str:
        return f"{input} {id} {type} {format} {default} {self_}"
