from cog import BaseRunner, current_scope


class Runner(BaseRunner):
    def run(self) -> str:
        value: object = 1
        for _ in range(300):
            value = {"a": value}
        current_scope().record_metric("deep", value)
        return "done"
