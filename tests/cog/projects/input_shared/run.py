from cog import BaseRunner
from inputs import Inputs


class Runner(BaseRunner):
    def run(self, prompt: str = Inputs.prompt, seed: int = Inputs.seed) -> str:
        return f"{prompt} {seed}"
