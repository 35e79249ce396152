from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(self, word: str = Input(description="A short word", min_length=2, max_length=5)) -> str:
        return word.upper()
