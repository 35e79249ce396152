from typing import Any

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> Any:
        return {"data": b"\x00\x01"}
