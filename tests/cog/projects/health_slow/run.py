import time

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> str:
        return "never"

    def healthcheck(self) -> bool:
        time.sleep(30)
        return True
