from cog import BaseRunner, Input, Path


class Runner(BaseRunner):
    def run(self, size: int = Input(default=4_000_000, ge=0)) -> Path:
        """A file of so many bytes."""
        path = Path("large.bin")
        path.write_bytes(bytes(size))
        return path
