from cog import BaseRunner, Path


class Runner(BaseRunner):
    def run(self, documents: list[Path]) -> str:
        return "\n".join(document.name for document in documents)
