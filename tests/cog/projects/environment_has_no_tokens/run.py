import os

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> list[str]:
        return sorted(name for name in os.environ if "TOKEN" in name or name.startswith(("UV_", "PIP_")))
