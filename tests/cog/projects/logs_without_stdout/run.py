"""Takes its streams away now and then."""

import sys

from cog import Input


def run(quiet: bool = Input(description="Whether nothing can be printed from now on.")) -> str:
    sys.stdout = None if quiet else sys.__stdout__
    print("said")
    return "done"
