from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, value: str) -> str:
        self.record_metric("loss", float(value))
        return "ok"
