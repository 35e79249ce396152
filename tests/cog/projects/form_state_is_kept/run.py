from cog import BaseRunner


class Runner(BaseRunner):
    def setup(self) -> None:
        self.seen: list[str] = []

    def run(self, item: str) -> list[str]:
        self.seen.append(item)
        return self.seen
