import shutil

from cog import BaseRunner, Input, Path


class Runner(BaseRunner):
    def run(
        self,
        image: Path = Input(description="A picture", accept="image/*"),
    ) -> Path:
        shutil.copyfile(image, "out.png")
        return Path("out.png")
