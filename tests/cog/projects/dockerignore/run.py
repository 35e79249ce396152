from pathlib import Path

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> list[str]:
        names = (path for path in Path(".").rglob("*") if path.is_file())
        return sorted(str(path) for path in names if path.suffix in (".log", ".txt"))
