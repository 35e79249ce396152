import greetings
from cog import BaseRunner
from tools.text import emphasized


class Runner(BaseRunner):
    def run(self, text: str) -> str:
        from tools import late

        return emphasized(greetings.hello(text)) + late.NOTHING
