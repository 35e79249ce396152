import sys
import time
from pathlib import Path

from cog import BaseRunner

EVIL = "\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\x1b]8;;http://evil\x1b\\\x1b[2J\u202e"


class Runner(BaseRunner):
    def setup(self) -> None:
        print(f"{EVIL}Loading checkpoint shards:  50%|█████     | 1/2 [00:01<00:01,  1.52s/it]")
        time.sleep(0.3)

    def run(self, until: str, fail: bool = False) -> str:
        """Draws a bar as tqdm does, below lines that are too wide and lines that are evil, and waits."""
        print("猫" * 200)
        print(f"{EVIL}the picture is read")
        for done in range(10):
            share = f"{done * 5:3d}%|{'█' * (done // 2):<10}| {done}/20 [00:01<00:01,  8.31it/s]"
            print(f"\rdenoising: {share}", end="", file=sys.stderr, flush=True)
            time.sleep(0.02)
        while not Path(until).exists():
            time.sleep(0.01)
        print(file=sys.stderr)
        if fail:
            raise RuntimeError(f"{EVIL}no luck")
        return "through the bar"
