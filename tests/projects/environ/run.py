import os

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> dict[str, str]:
        return dict(os.environ)
