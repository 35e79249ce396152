from typing import Any

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, prompt: str, **options: Any) -> str:
        return prompt
