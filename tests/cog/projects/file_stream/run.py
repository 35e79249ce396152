from collections.abc import Iterator

from cog import BaseRunner, Path


class Runner(BaseRunner):
    def run(self) -> Iterator[Path]:
        frame = Path("frame.txt")
        for number in range(2):
            frame.write_text(f"frame {number}")
            yield frame
        last = Path("last.txt")
        last.write_text("end")
        yield last
