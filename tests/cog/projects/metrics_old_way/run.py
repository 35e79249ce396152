from cog import BaseRunner, emit_metric


class Runner(BaseRunner):
    def run(self) -> str:
        emit_metric("tokens", 5)
        return "ok"
