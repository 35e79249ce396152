from typing import Any

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, number: str) -> dict[str, Any]:
        return {"scores": [float(number)]}
