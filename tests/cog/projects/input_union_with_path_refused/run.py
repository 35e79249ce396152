from cog import BaseRunner, Path


class Runner(BaseRunner):
    def run(self, image: Path | str) -> str:
        return str(image)
