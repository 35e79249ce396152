from typing import NotRequired, TypedDict

from cog import BaseRunner


class Tally(TypedDict):
    name: str
    count: NotRequired[int]


class Runner(BaseRunner):
    def run(self, name: str, count: int = 0) -> Tally:
        return {"name": name, "count": count} if count else {"name": name}
