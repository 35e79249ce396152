from cog import BaseRunner


class cuda:
    @staticmethod
    def is_available() -> bool:
        return False


class Runner(BaseRunner):
    def run(self) -> str:
        return "cuda" if cuda.is_available() else "cpu"
