import a_package_that_nobody_named
from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> str:
        return a_package_that_nobody_named.word
