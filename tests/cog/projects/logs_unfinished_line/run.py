from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, text: str) -> str:
        print(f"no end: {text}", end="")
        return text
