from typing import Any

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> dict[str, Any]:
        return {"scores": [0.5, 1], "inner": {"deep": {"flag": True}}, 1: "one", "empty": {}}
