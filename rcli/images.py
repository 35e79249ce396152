"""What pictures are, told from their first bytes, and smaller ones made of them."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

T = TypeVar("T")

_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
"""What models put out; the many other readers of Pillow stay closed to files from the network."""

_QUALITY = {"JPEG": {"quality": 92}, "WEBP": {"quality": 92}, "AVIF": {"quality": 80}}
"""How much a format that loses keeps: what a model gets should not show that it was encoded twice."""


KINDS = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp"}
"""Formats that pictures can be brought into, and how such files end."""


class Unreadable(Exception):
    """A file that begins like a picture, and is none that can be made anew; the message says why."""


def describe(path: Path) -> str | None:
    """Size in pixels and format, such as ``1024×768 PNG``; None for no picture, or a huge one."""
    found = measured(path)
    return f"{found[0]}×{found[1]} {found[2]}" if found else None


def measured(path: Path) -> tuple[int, int, str] | None:
    """Width and height in pixels, and the format; None for no picture, or a huge one."""
    return _told(path, lambda picture: (picture.width, picture.height, str(picture.format)))


def thumbnail(path: Path, width: int, height: int) -> Picture | None:
    """A picture, as it is to be seen, within so many pixels, in RGB; of one that moves the first frame.

    None for no picture, a broken or a huge one.
    """
    from PIL import ImageOps

    def small(opened: Picture) -> Picture:
        opened.draft("RGB", (width, height))  # of a JPEG only so much is decoded
        upright = _eight_bits(ImageOps.exif_transpose(opened))
        upright.thumbnail((width, height))
        return _on_black(upright)

    return _told(path, small)


def _told(path: Path, read: Callable[[Picture], T]) -> T | None:
    """What is read of a picture that came from anywhere; None for what is none, broken or huge."""
    from PIL import Image  # 40 ms

    huge = (Image.DecompressionBombError, Image.DecompressionBombWarning)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is odd in a picture from the network is nobody's concern here
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path, formats=_FORMATS) as picture:
                return read(picture)
        except (OSError, SyntaxError, ValueError, *huge):
            return None


def contact_sheet(pictures: Sequence[Picture], columns: int, cell: int, gap: int) -> Picture:
    """Pictures in rows, each in the middle of a square of ``cell`` pixels, with ``gap`` pixels between."""
    from PIL import Image

    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    step = cell + gap
    sheet = Image.new("RGB", (columns * step - gap, rows * step - gap))
    for index, picture in enumerate(pictures):
        small = picture.copy()
        small.thumbnail((cell, cell))
        left, top = index % columns * step, index // columns * step
        sheet.paste(small, (left + (cell - small.width) // 2, top + (cell - small.height) // 2))
    return sheet


def _eight_bits(picture: Picture) -> Picture:
    """Pictures of 16 bits, such as maps of depth, with the upper eight."""
    if not picture.mode.startswith("I"):
        return picture
    return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")


def _on_black(picture: Picture) -> Picture:
    """In RGB; what is transparent shows the black of a terminal."""
    from PIL import Image

    if not picture.has_transparency_data:
        return picture.convert("RGB")
    whole = picture.convert("RGBA")
    black = Image.new("RGBA", whole.size, (0, 0, 0, 255))
    return Image.alpha_composite(black, whole).convert("RGB")


def remade(content: Path | bytes, box: tuple[int, int] | None, kind: str | None = None) -> bytes | None:
    """The picture within so many pixels, and in a format, a key of ``KINDS``; as it is to be seen.

    Without one of them it keeps its own. None where there is nothing to do: it is as wanted already, is no
    picture, or moves. Raises Unreadable.
    """
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # it is the user's own
        try:
            opened = _opened(content)
            return None if opened is None else _remade(opened, box, kind)
        except Image.DecompressionBombError as exc:
            raise Unreadable("it has too many pixels") from exc
        except (OSError, SyntaxError, ValueError) as exc:
            raise Unreadable(f"it is broken: {exc}") from exc


def defect(path: Path) -> str | None:
    """What keeps a picture from being read to its last pixel, None if nothing does."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # it is the user's own
        try:
            opened = _opened(path)
            if opened is None:
                return "it is no picture"
            with opened as picture:
                picture.load()
        except Image.DecompressionBombError:
            return "it has too many pixels"
        except OSError as exc:
            return exc.strerror or f"it is broken: {exc}"
        except (SyntaxError, ValueError) as exc:
            return f"it is broken: {exc}"
    return None


def _opened(content: Path | bytes) -> Picture | None:
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(io.BytesIO(content) if isinstance(content, bytes) else content, formats=_FORMATS)
    except UnidentifiedImageError:
        return None


def _remade(opened: Picture, box: tuple[int, int] | None, kind: str | None) -> bytes | None:
    from PIL import ImageOps

    with opened as picture:
        if getattr(picture, "n_frames", 1) > 1:
            return None
        upright = ImageOps.exif_transpose(picture)
        fits = box is None or (upright.width <= box[0] and upright.height <= box[1])
        if fits and kind in (None, picture.format):
            return None
        if not fits and box:
            upright = _reduced(upright, *box)
        return _encoded(upright, picture, kind or str(picture.format))


def _reduced(picture: Picture, width: int, height: int) -> Picture:
    from PIL import Image

    share = min(width / picture.width, height / picture.height)
    size = max(1, round(picture.width * share)), max(1, round(picture.height * share))
    return _smooth(picture).resize(size, Image.Resampling.LANCZOS)


def _smooth(picture: Picture) -> Picture:
    """The picture in colours that can be mixed: indexed ones cannot."""
    match picture.mode:
        case "P" | "PA":
            return picture.convert("RGBA" if picture.has_transparency_data else "RGB")
        case "1":
            return picture.convert("L")
    return picture


def _encoded(made: Picture, original: Picture, kind: str) -> bytes:
    """In a format, with the original's colour profile and what the camera noted."""
    other_colours = made.mode == "CMYK" and kind != original.format
    kept: dict[str, Any] = {"icc_profile": None if other_colours else original.info.get("icc_profile")}
    if exif := made.getexif().tobytes():
        kept["exif"] = exif
    encoded = io.BytesIO()
    fit = made if kind == original.format else _fit_for(made, kind)
    fit.save(encoded, format=kind, **kept, **_QUALITY.get(kind, {}))
    return encoded.getvalue()


def _fit_for(picture: Picture, kind: str) -> Picture:
    """In colours that every format has; JPEG has nothing see-through, so there it shows white."""
    from PIL import Image

    eight = _smooth(_eight_bits(picture))
    if not eight.has_transparency_data:
        return eight if eight.mode == "L" else eight.convert("RGB")
    whole = eight.convert("RGBA")
    if kind != "JPEG":
        return whole
    white = Image.new("RGBA", whole.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, whole).convert("RGB")
