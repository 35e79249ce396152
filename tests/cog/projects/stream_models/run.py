from collections.abc import Iterator

from cog import BaseModel, BaseRunner


class Progress(BaseModel):
    step: int
    loss: float


class Runner(BaseRunner):
    def run(self) -> Iterator[Progress]:
        for step in range(2):
            yield Progress(step=step, loss=1 / (step + 1))
