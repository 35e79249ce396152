from typing import List, Optional

from cog import BasePredictor, Input, Path


class Predictor(BasePredictor):
    def setup(self) -> None:
        self.greeting = "hello"

    def predict(
        self,
        name: str = Input(description="Whom to greet"),
        times: int = Input(description="How often", ge=1, le=3, default=1),
        notes: Optional[List[Path]] = Input(description="Text files", default=None),
    ) -> str:
        read = "".join(note.read_text() for note in notes or [])
        return f"{self.greeting} {name} " * times + read
