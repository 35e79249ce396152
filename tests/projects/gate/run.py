import time
from pathlib import Path

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, until: str) -> str:
        """Works until somebody makes the file ``until``."""
        print("the picture is read")
        print("denoising: step 9/20")
        while not Path(until).exists():
            time.sleep(0.01)
        return "through the gate"
