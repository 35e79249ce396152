from cog import BaseRunner, Input, Path


class Runner(BaseRunner):
    def run(self, image: Path = Input(description="A picture", default="blank.txt")) -> str:
        return f"{type(image).__name__} {Path(image).read_text()}"
