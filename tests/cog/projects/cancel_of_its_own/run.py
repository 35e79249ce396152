from cog import BaseRunner, CancelationException


class Runner(BaseRunner):
    def run(self, cancel: bool) -> str:
        if cancel:
            raise CancelationException
        return "done"
