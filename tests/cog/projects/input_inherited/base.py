from cog import BaseRunner, Input


class Greeter(BaseRunner):
    greeting = "hello"

    def run(self, name: str = Input(description="Whom to greet", default="you")) -> str:
        return f"{self.greeting} {name}"
