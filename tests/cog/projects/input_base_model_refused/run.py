from cog import BaseModel, BaseRunner


class Point(BaseModel):
    x: int
    y: int


class Runner(BaseRunner):
    def run(self, at: Point) -> str:
        return f"{at.x},{at.y}"
