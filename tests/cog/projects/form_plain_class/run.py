class Runner:
    def setup(self) -> None:
        self.prefix = "hello"

    def run(self, text: str) -> str:
        return f"{self.prefix} {text}"
