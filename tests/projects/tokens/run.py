import time

from cog import BaseRunner, ConcatenateIterator, Input


class Runner(BaseRunner):
    def run(
        self, n: int = Input(default=5, ge=0), delay: float = Input(default=0.0, ge=0)
    ) -> ConcatenateIterator[str]:
        for number in range(n):
            time.sleep(delay)
            yield f"token{number} "
