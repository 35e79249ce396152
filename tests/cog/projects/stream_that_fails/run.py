from cog import BaseRunner, ConcatenateIterator


class Runner(BaseRunner):
    def run(self) -> ConcatenateIterator[str]:
        yield "one "
        yield "two "
        raise RuntimeError("the generator exploded")
