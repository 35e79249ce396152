"""The smallest model there is: it greets whoever it is given."""

from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(self, text: str = Input(description="Whom to greet.")) -> str:
        """Return "hello " followed by the text as it came."""
        return f"hello {text}"
