from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(self, code: str = Input(description="Two letters and a digit", regex=r"[a-z]{2}\d\Z")) -> str:
        return code
