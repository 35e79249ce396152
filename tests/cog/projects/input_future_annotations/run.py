from __future__ import annotations

from cog import BaseRunner, Input, Path, Secret


class Runner(BaseRunner):
    def run(self, document: Path, key: Secret | None = None, others: "list[Path]" = Input(default=[])) -> str:
        return f"{document.read_text()} {key} {len(others)}"
