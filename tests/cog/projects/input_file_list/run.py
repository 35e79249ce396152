from cog import BaseRunner, Path


class Runner(BaseRunner):
    def run(self, documents: list[Path]) -> str:
        return "".join(f"{document.name[-5:]}: {document.read_text()}" for document in documents)
