from typing import TypedDict

from cog import BaseRunner


class Payload(TypedDict):
    name: str
    count: int


class Runner(BaseRunner):
    def run(self, data: Payload, items: list[Payload] | None = None) -> str:
        return f"{data['name']}:{data['count']} items={len(items or [])}"
