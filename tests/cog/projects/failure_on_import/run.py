import settings
from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> str:
        return settings.GREETING
