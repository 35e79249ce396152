from cog import BaseRunner
from joining import joined


class Runner(BaseRunner):
    def run(self, text: str) -> str:
        return joined("hello", text)
