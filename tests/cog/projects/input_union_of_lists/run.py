from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, numbers: list[int] | list[float], stop: str | list[str] = "") -> str:
        kinds = [type(number).__name__ for number in numbers]
        return f"{kinds} {stop!r}"
