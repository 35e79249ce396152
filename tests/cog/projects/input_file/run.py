from cog import BaseRunner, Input, Path


class Runner(BaseRunner):
    def run(self, document: Path = Input(description="A text file")) -> str:
        return f"{type(document).__mro__[1].__name__} {document.name}: {document.read_text()}"
