from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, number: int) -> bool:
        return number % 2 == 0
