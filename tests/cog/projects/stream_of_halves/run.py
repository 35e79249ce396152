from cog import BaseRunner, ConcatenateIterator


class Runner(BaseRunner):
    def run(self) -> ConcatenateIterator[str]:
        yield "a"
        yield "\ud83d"
        yield "b"
