import logging
import sys

from cog import BaseRunner


class Runner(BaseRunner):
    def setup(self) -> None:
        print("setup prints")

    def run(self) -> str:
        print("one")
        print("two", file=sys.stderr)
        logging.basicConfig(stream=sys.stdout)
        logging.getLogger("model").warning("three")
        print("four 🦊")
        return "done"
