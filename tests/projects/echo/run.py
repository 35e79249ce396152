from cog import BaseRunner, Input


class Runner(BaseRunner):
    def setup(self) -> None:
        print("getting ready")
        self.greeting = "hello"

    def run(self, text: str = Input(description="Whom to greet")) -> str:
        print(f"greeting {text}")
        return f"{self.greeting} {text}"
