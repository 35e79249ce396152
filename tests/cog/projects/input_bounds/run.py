from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(
        self,
        steps: int = Input(description="Denoising steps", default=20, ge=1, le=50),
        strength: float = Input(description="How much to change", default=0.5, ge=-1, le=1.0),
    ) -> str:
        return f"{steps} {strength}"
