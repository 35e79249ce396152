import tempfile
from collections.abc import Iterator

from cog import BaseRunner, Path


class Runner(BaseRunner):
    def run(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "deleted.txt"
            path.write_text("gone from its folder")
            yield path
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "kept.txt"
            path.write_text("elsewhere")
            yield path
