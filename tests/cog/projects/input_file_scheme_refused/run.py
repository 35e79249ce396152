from cog import BaseRunner, Path


class Runner(BaseRunner):
    def run(self, document: Path) -> str:
        return document.read_text()
