from cog import BaseRunner, Path


class Runner(BaseRunner):
    def run(self, document: Path) -> str:
        return f"{document.name[-10:]}: {document.read_text()}"
