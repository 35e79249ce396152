import bottleneck
from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> float:
        return float(bottleneck.nanmean([1.0, 2.0]))
