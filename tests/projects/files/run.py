from cog import BaseRunner, File, Path


class Runner(BaseRunner):
    def run(self, one: Path, many: list[Path] | None = None, handle: File | None = None) -> list[str]:
        texts = [path.read_text() for path in [one, *(many or [])]]
        return [*texts, handle.read().decode()] if handle else texts
