from cog import BaseRunner


class Greeter(BaseRunner):
    greeting = "hello"

    def run(self, text: str) -> str:
        return f"{self.greeting} {text}"
