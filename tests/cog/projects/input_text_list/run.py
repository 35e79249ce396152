from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(self, tags: list[str] = Input(description="Any number of tags", default=[])) -> str:
        return "|".join(tags)
