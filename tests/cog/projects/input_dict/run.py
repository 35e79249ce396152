from typing import Any

from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(
        self,
        params: dict = Input(description="Arbitrary JSON parameters"),
        scores: dict[str, float] = Input(default={"x": 1.0}),
        more: Any | None = None,
    ) -> str:
        return f"{params} {scores} {more}"
