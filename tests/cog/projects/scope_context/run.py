from cog import BaseRunner, current_scope


class Runner(BaseRunner):
    def setup(self) -> None:
        current_scope().record_metric("outside", 1)
        self.record_metric("outside", 1)

    def run(self) -> bool:
        current_scope().record_metric("inside", 1)
        return current_scope() is not None
