from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> str:
        with open("/src/weights/name.txt") as file:
            return file.read()
