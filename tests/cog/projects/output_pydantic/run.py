from pathlib import Path as PlainPath

from cog import BaseRunner, Path
from pydantic import BaseModel, ConfigDict


class Inner(BaseModel):
    score: float


class Result(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: str
    tags: list[str]
    inner: Inner
    file: Path


class Runner(BaseRunner):
    def run(self, name: str) -> Result:
        PlainPath("note.txt").write_text(name)
        return Result(name=name, tags=["fast"], inner=Inner(score=0.5), file=Path("note.txt"))
