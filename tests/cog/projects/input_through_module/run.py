import cog
from cog import Input as Field


class Runner(cog.BaseRunner):
    def run(self, document: cog.Path, count: int = cog.Input(ge=1), mood: str = Field(default="calm")) -> str:
        return f"{document.read_text()} {count} {mood}"
