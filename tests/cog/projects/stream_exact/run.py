from cog import BaseRunner, ConcatenateIterator

TOKENS = [" ", "", "\n", "a\r\nb\rc", "data: x\n\n", "🦊", "\0", "\u2028"]


class Runner(BaseRunner):
    def run(self) -> ConcatenateIterator[str]:
        yield from TOKENS
