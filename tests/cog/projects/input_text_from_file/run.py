from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, text: str, count: int = 0, names: list[str] = []) -> str:
        return f"{text!r} {count} {names}"
