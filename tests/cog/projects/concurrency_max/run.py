import os

from cog import BaseRunner


class Runner(BaseRunner):
    async def run(self) -> str:
        return os.environ["COG_MAX_CONCURRENCY"]
