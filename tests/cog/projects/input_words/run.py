from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, a: str = "", b: int = 0) -> str:
        return f"{a!r} {b}"
