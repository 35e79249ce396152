from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> str:
        return "never"

    def healthcheck(self) -> bool:
        return False
