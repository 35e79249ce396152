from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(
        self,
        prompt: str = Input(description="What to draw"),
        guide: float | None = Input(description="Has no effect any more", deprecated=True),
    ) -> str:
        return f"{prompt} {guide}"
