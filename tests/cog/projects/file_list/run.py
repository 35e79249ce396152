from cog import BaseRunner, Path


class Runner(BaseRunner):
    def run(self) -> list[Path]:
        return [write("one/b.txt", "first"), write("one/a.txt", "second"), write("two/b.txt", "third")]


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path
