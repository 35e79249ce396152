"""A picture made four times as wide and high, by one of three Real-ESRGAN networks."""

import networks
import numpy as np
from cog import BaseRunner, Input, Path
from PIL import Image, ImageOps, UnidentifiedImageError

LARGEST = 512  # pixels; a photo of this size takes minutes


class Runner(BaseRunner):
    def setup(self) -> None:
        """Check the weights. A network is loaded by the first prediction that asks for it."""
        networks.check_weights()
        self.loaded = ""

    def run(
        self,
        image: Path = Input(description="The picture to enlarge, up to 512×512 pixels."),
        model: str = Input(
            description="fast for a first look, photo for photographs (much slower), anime for drawings.",
            default="fast",
            choices=["fast", "photo", "anime"],
        ),
    ) -> Path:
        """Return a PNG of four times the width and height; one log line a tile tells how far it is."""
        picture = read(image)
        if self.loaded != model:  # only the last one is kept: they are large
            self.network, self.loaded = networks.load(model), model
        pixels = np.asarray(picture.convert("RGB"), dtype=np.float32) / 255
        enlarged = Image.fromarray(networks.upscale(self.network, pixels))
        if picture.has_transparency_data:  # the networks know colours only
            enlarged.putalpha(picture.convert("RGBA").getchannel("A").resize(enlarged.size, Image.LANCZOS))
        enlarged.save("out.png")
        return Path("out.png")


def read(path: Path) -> Image.Image:
    """Open a picture, upright. Raises ValueError if it is none, or too large."""
    try:
        picture = ImageOps.exif_transpose(Image.open(path))
    except UnidentifiedImageError as exc:
        raise ValueError(f"{path.name} is not a picture that can be read") from exc
    if max(picture.size) > LARGEST:
        size = "{}×{}".format(*picture.size)
        raise ValueError(f"the picture has {size} pixels; this model takes {LARGEST}×{LARGEST} at most")
    if picture.mode.startswith("I"):  # 16-bit grey, of which Pillow would make plain white
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    return picture
