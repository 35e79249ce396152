from cog import BaseRunner, Path


class Runner(BaseRunner):
    def run(self, names: list[str]) -> list[Path]:
        """A file for each name, with the name in it."""
        paths = [Path(name) for name in names]
        for path in paths:
            path.write_text(f"this is {path.name}")
        return paths
