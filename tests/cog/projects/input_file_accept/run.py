from cog import BaseRunner, Input, Path


class Runner(BaseRunner):
    def run(self, image: Path = Input(description="A picture", accept="image/*,.txt")) -> str:
        return image.suffix
