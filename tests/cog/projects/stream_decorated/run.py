import cog


class Runner(cog.BaseRunner):
    @cog.streaming
    def run(self) -> cog.ConcatenateIterator[str]:
        yield "one "
        yield "two"
