from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(self, day: str = Input(description="A date", regex=r"^\d{4}-\d{2}-\d{2}$")) -> str:
        return day.replace("-", "/")
