import pathlib

from cog import BaseRunner, Path


class Runner(BaseRunner):
    def run(self) -> list[Path]:
        real, link = pathlib.Path("real.txt"), pathlib.Path("link.txt")
        real.write_text("content")
        link.symlink_to(real)
        return [real, link]
