"""Telling pictures by their first bytes, and making them smaller."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from rcli.images import Unreadable, describe, remade


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_a_picture_is_described_by_its_content(tmp_path: Path, kind: str) -> None:
    Image.new("RGB", (64, 48)).save(tmp_path / "picture.bin", kind)

    assert describe(tmp_path / "picture.bin") == f"64×48 {kind}"


@pytest.mark.parametrize(
    "content", [b"", b"text", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0", b"%!PS-Adobe"]
)
def test_what_is_no_picture_is_not_described(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "picture.png").write_bytes(content)

    assert describe(tmp_path / "picture.png") is None


def test_a_missing_file_is_not_described(tmp_path: Path) -> None:
    assert describe(tmp_path / "picture.png") is None
    assert describe(tmp_path) is None


@pytest.mark.parametrize("side", [12_000, 60_000])
def test_a_picture_that_claims_to_be_huge_is_not_opened(tmp_path: Path, side: int) -> None:
    head = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk)

    assert describe(tmp_path / "bomb.png") is None


def encoded(picture: Image.Image, kind: str, **more: object) -> bytes:
    data = io.BytesIO()
    picture.save(data, kind, **more)
    return data.getvalue()


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("RGB", "JPEG"),
        ("CMYK", "JPEG"),
        ("L", "JPEG"),
        ("RGBA", "PNG"),
        ("P", "PNG"),
        ("1", "PNG"),
        ("I;16", "PNG"),
        ("P", "GIF"),
        ("RGBA", "WEBP"),
        ("RGB", "BMP"),
        ("F", "TIFF"),
        ("RGB", "AVIF"),
    ],
)
def test_a_picture_keeps_its_format_when_it_is_shrunk(mode: str, kind: str) -> None:
    small = remade(encoded(Image.new(mode, (300, 200)), kind), (100, 100))

    assert small is not None
    with Image.open(io.BytesIO(small)) as picture:
        picture.load()
        assert (picture.format, picture.size) == (kind, (100, 67))


def test_what_shows_through_still_does() -> None:
    see_through = Image.new("RGBA", (200, 100), (255, 0, 0, 0)).convert("P")
    small = remade(encoded(see_through, "PNG", transparency=see_through.getpixel((0, 0))), (50, 50))

    assert small is not None
    with Image.open(io.BytesIO(small)) as picture:
        assert picture.convert("RGBA").getpixel((5, 5))[3] == 0  # type: ignore[index]  # of four


def test_a_picture_is_shrunk_as_it_is_to_be_seen_and_keeps_what_the_camera_noted() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera"
    small = remade(encoded(Image.new("RGB", (300, 200)), "JPEG", exif=exif, icc_profile=b"profile"), (90, 90))

    assert small is not None
    with Image.open(io.BytesIO(small)) as picture:
        assert picture.size == (60, 90)
        assert dict(picture.getexif()) == {0x010F: "Camera"}
        assert picture.info["icc_profile"] == b"profile"


@pytest.mark.parametrize("content", [b"", b"text", b"%PDF-1.7"])
def test_what_is_no_picture_is_not_shrunk(content: bytes) -> None:
    assert remade(content, (1, 1)) is None


def test_what_is_small_enough_is_not_touched() -> None:
    assert remade(encoded(Image.new("RGB", (100, 50)), "PNG"), (100, 50)) is None


def test_what_moves_is_not_touched() -> None:
    frames = [Image.new("RGB", (100, 100), colour) for colour in ("red", "blue")]

    assert remade(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]), (10, 10)) is None


def test_a_large_picture_of_the_user_s_own_is_no_reason_to_warn(tmp_path: Path) -> None:
    Image.new("1", (12_000, 9_000)).save(tmp_path / "map.png")

    small = remade(tmp_path / "map.png", (120, 120))

    assert small is not None
    with Image.open(io.BytesIO(small)) as picture:
        assert picture.size == (120, 90)


def test_a_picture_that_breaks_off_cannot_be_shrunk() -> None:
    whole = encoded(Image.effect_noise((300, 200), 90), "PNG")

    with pytest.raises(Unreadable, match="it is broken"):
        remade(whole[: len(whole) // 2], (10, 10))


def test_a_picture_with_too_many_pixels_is_not_opened() -> None:
    head = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    parts = [head, b"IDAT" + zlib.compress(b""), b"IEND"]
    chunks = [struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in parts]
    bomb = b"\x89PNG\r\n\x1a\n" + b"".join(chunks)

    with pytest.raises(Unreadable, match="too many pixels"):
        remade(bomb, (10, 10))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_brought_into_another_format(mode: str, kind: str) -> None:
    original = encoded(Image.new(mode, (30, 20)), "TIFF")

    made = remade(original, None, kind)

    assert made is not None
    with Image.open(io.BytesIO(made)) as picture:
        picture.load()
        assert (picture.format, picture.size) == (kind, (30, 20))


def test_what_has_the_format_already_stays_as_it_is() -> None:
    assert remade(encoded(Image.new("RGB", (30, 20)), "PNG"), (30, 30), "PNG") is None


def test_what_is_see_through_shows_white_in_a_jpeg_and_stays_so_elsewhere() -> None:
    see_through = encoded(Image.new("RGBA", (8, 8), (255, 0, 0, 0)), "PNG")

    for kind, colour in (("JPEG", (255, 255, 255)), ("WEBP", (0, 0, 0, 0))):
        made = remade(see_through, None, kind)
        assert made is not None
        with Image.open(io.BytesIO(made)) as picture:
            found = picture.getpixel((4, 4))
        assert isinstance(found, tuple)
        assert found == colour or found[-1] == 0


def test_colours_for_print_become_colours_for_screens_without_their_profile() -> None:
    printed = encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", icc_profile=b"profile")

    made = remade(printed, None, "PNG")

    assert made is not None
    with Image.open(io.BytesIO(made)) as picture:
        assert (picture.mode, picture.info.get("icc_profile")) == ("RGB", None)
