import sys

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> str:
        for step in range(3):
            sys.stderr.write(f"\r{50 * step:3}%|{'#' * 5 * step:10}| {step}/2")
            sys.stderr.flush()
        return "done"
