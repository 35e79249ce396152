from pathlib import Path

from cog import BaseRunner


class Runner(BaseRunner):
    def setup(self) -> None:
        self.weights = Path(__file__).with_name("weights.txt").read_text().strip()
        Path("notes.txt").unlink()

    def run(self, text: str) -> str:
        with open("notes.txt", "a") as file:
            file.write(text)
        return f"weights: {self.weights}, notes: {Path('notes.txt').read_text()}"
