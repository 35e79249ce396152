from typing import Optional

from cog import BaseRunner, Input, Path


class Runner(BaseRunner):
    def run(
        self,
        mask: Path | None = Input(description="Where to paint", default=None),
        image: Optional[Path] = None,
        others: list[Path] | None = None,
    ) -> str:
        read = [file and file.read_text().strip() for file in (mask, image)]
        return f"{read} {others and [other.name for other in others]}"
