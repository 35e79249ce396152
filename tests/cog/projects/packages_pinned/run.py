import six
from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> str:
        return six.__version__
