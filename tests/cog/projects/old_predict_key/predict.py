from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def setup(self):
        self.greeting = "hello"

    def predict(self, name: str = Input(description="whom to greet")) -> str:
        return f"{self.greeting} {name}"
