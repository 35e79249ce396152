from cog import BaseRunner, Path


class Runner(BaseRunner):
    def run(self, name: str) -> Path:
        return Path(name)
