from collections.abc import AsyncIterator
from typing import Any

from cog import BaseRunner, Path


class Runner(BaseRunner):
    async def run(self) -> AsyncIterator[Any]:
        yield "drawing"
        path = Path("a.txt")
        path.write_text("a")
        yield path
        yield "done"
