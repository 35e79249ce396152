from cog import BaseModel, BaseRunner


class Result(BaseModel):
    name: str
    count: int
    score: float
    passed: bool
    tags: list[str]
    note: str | None = None


class Runner(BaseRunner):
    def run(self, name: str) -> Result:
        return Result(name=name, count=42, score=0.95, passed=True, tags=["fast"], note="x")
