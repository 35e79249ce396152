from typing import Any

from cog import BaseRunner

OUTPUTS = {"text": "text", "number": 1.5, "list": [1, "two", [3]], "object": {"a": [1]}}


class Runner(BaseRunner):
    def run(self, kind: str) -> Any:
        return OUTPUTS[kind]
