from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, text: str = "boom") -> str:
        print("about to fail")
        raise RuntimeError(text)
