from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, name: str) -> str:
        self.record_metric(name, 1)
        self.record_metric(name, "a text")
        return "ok"
