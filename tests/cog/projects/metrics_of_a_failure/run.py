import time
from collections.abc import Iterator

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> Iterator[str]:
        self.record_metric("tokens", 1, mode="incr")
        self.record_metric("timing.load", 0.5)
        yield "one"
        time.sleep(0.05)
        raise RuntimeError("no luck")
