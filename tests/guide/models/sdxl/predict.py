"""Draws a pattern that the prompt decides: what a picture model takes and gives, in no time."""

import hashlib
import json
import tarfile

from cog import BasePredictor, Input, Path
from PIL import Image, ImageDraw

PALETTE = ["#264653", "#2a9d8f", "#e9c46a", "#f4a261", "#e76f51"]


class Predictor(BasePredictor):
    def setup(self, weights: Path | None = None) -> None:
        """A trained version paints in the colours that it was shown."""
        self.palette, self.token = PALETTE, None
        if weights:
            with tarfile.open(weights) as archive:
                learned = json.load(archive.extractfile("learned.json"))
            self.palette, self.token = learned["palette"], learned["token"]

    def predict(
        self,
        prompt: str = Input(description="What to draw."),
        negative_prompt: str = Input(description="What not to draw.", default=""),
        width: int = Input(description="Pixels.", default=64, ge=16, le=1024),
        height: int = Input(description="Pixels.", default=64, ge=16, le=1024),
        num_outputs: int = Input(description="How many pictures.", default=1, ge=1, le=4),
    ) -> list[Path]:
        outputs = []
        for number in range(num_outputs):
            seed = hashlib.sha256(f"{prompt}|{negative_prompt}|{number}".encode()).digest()
            outputs.append(self.draw(seed, width, height, f"out-{number}.png"))
        return outputs

    def draw(self, seed: bytes, width: int, height: int, name: str) -> Path:
        picture = Image.new("RGB", (width, height), self.palette[seed[0] % len(self.palette)])
        brush = ImageDraw.Draw(picture)
        for x, y, size, colour in zip(*[iter(seed[1:29])] * 4, strict=True):
            left, top = x * width // 256, y * height // 256
            box = (left, top, left + 4 + size * width // 512, top + 4 + size * height // 512)
            brush.ellipse(box, self.palette[colour % len(self.palette)])
        picture.save(name)
        return Path(name)
