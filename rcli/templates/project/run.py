"""The model: `setup` runs once, `run` for every prediction. https://cog.run/python describes both."""

from cog import BaseRunner, Input


class Runner(BaseRunner):
    def setup(self) -> None:
        """Load what takes its time, such as weights: it stays in memory between predictions."""
        self.greeting = "hello"

    def run(
        self,
        prompt: str = Input(description="Whom to greet."),
        times: int = Input(description="How often.", default=1, ge=1, le=10),
    ) -> str:
        """The parameters are the inputs, the type behind the arrow is the output."""
        return "\n".join([f"{self.greeting} {prompt}"] * times)
