import idna
import six
from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> list[str]:
        return [six.__version__, idna.__version__]
