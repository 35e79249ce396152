from cog import BaseRunner, Path


class Runner(BaseRunner):
    def run(self, text: str) -> Path:
        path = Path("hello.txt")
        path.write_text(text)
        return path
