from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, text: str = "hello") -> str:
        return text
