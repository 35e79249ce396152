from cog import BaseRunner, Path


class Runner(BaseRunner):
    async def run(self, document: Path, count: int | None = None) -> str:
        return f"{document.read_text()} {count}"
