from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(
        self,
        words: str = Input(default="two words"),
        empty: str = Input(default=""),
        count: int = Input(default=0),
        scale: float = Input(default=1),
        loud: bool = Input(default=False),
        names: list[str] = Input(default=["ann", "bob"]),
    ) -> str:
        return repr((words, empty, count, scale, loud, names))
