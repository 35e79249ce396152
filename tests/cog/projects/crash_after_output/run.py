import os
import time
from collections.abc import Iterator

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> Iterator[str]:
        print("working")
        yield "one"
        yield "two"
        time.sleep(0.2)
        os._exit(1)
