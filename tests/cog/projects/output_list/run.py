from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, text: str) -> list[str]:
        return text.split()
