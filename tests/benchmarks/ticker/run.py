"""Yields numbers as fast as it is asked to: the runtime's work is all there is to measure."""

import time
from collections.abc import Iterator

from cog import Input


def run(
    count: int = Input(description="How many numbers.", default=100, ge=1, le=100000),
    pause: float = Input(description="Seconds between two of them.", default=0, ge=0, le=1),
) -> Iterator[str]:
    for number in range(count):
        yield f"{number} "
        if pause:
            time.sleep(pause)
