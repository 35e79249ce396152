from cog import BaseRunner, Input, Path


class Runner(BaseRunner):
    def run(
        self,
        prompt: str = Input(description="What to draw"),
        image: Path = Input(description="What to start from"),
        steps: int = Input(description="How many", ge=1, le=50),
        style: str = Input(description="How it looks", choices=["oil", "ink"], default="oil"),
    ) -> str:
        return f"{prompt} {image} {steps} {style}"
