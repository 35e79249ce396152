from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> str:
        self.record_metric("temperature", 0.5)
        self.record_metric("temperature", 0.7)
        self.record_metric("tokens", 1, mode="incr")
        self.record_metric("tokens", 2, mode="incr")
        self.record_metric("tags", "fast", mode="append")
        self.record_metric("tags", "cached", mode="append")
        self.record_metric("timing.load", 0.1)
        self.record_metric("timing.run", 0.2)
        self.scope.metrics["kept"] = "hello"
        self.scope.metrics["gone"] = 1
        del self.scope.metrics["gone"]
        self.record_metric("count", 1)
        del self.scope.metrics["count"]
        self.record_metric("count", "text")
        return "ok"
