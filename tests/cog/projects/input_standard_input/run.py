from cog import BaseRunner, Path


class Runner(BaseRunner):
    def run(self, text: str = "", document: Path | None = None) -> str:
        return f"{text!r} {document and document.read_text()!r}"
