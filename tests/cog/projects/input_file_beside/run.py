from cog import BaseRunner, Path


class Runner(BaseRunner):
    def run(self, document: Path) -> str:
        copy = document.with_name("copy.txt")
        before = copy.exists()
        copy.write_text(document.read_text() + "more")
        document.write_text("changed")
        return f"{before} {copy.read_text()}"
