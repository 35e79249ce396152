from cog import BaseRunner, Secret


class Runner(BaseRunner):
    def run(self, token: Secret, count: int = 1) -> str:
        return "ok"
