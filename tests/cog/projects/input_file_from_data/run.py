from cog import BaseRunner, Path


class Runner(BaseRunner):
    def run(self, document: Path) -> str:
        return f"{document.suffix} {document.read_bytes()!r}"
