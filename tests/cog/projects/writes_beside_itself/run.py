from pathlib import Path

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> int:
        count = int(Path("count.txt").read_text()) + 1
        Path("count.txt").write_text(str(count))
        return count
