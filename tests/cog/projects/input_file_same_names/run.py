from cog import BaseRunner, Path


class Runner(BaseRunner):
    def run(self, content: Path, style: Path) -> str:
        return f"{content.name} {content.read_text().strip()}, {style.name} {style.read_text().strip()}"
