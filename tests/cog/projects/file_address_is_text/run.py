from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> str:
        return "data:text/plain;base64,aGk="
