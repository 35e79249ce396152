from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(self, prompt: str, hours=Input(description="How long", default=1)) -> str:
        return f"{prompt} {hours}"
