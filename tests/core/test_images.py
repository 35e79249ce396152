"""Telling pictures by their first bytes."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from rcli.images import describe


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
