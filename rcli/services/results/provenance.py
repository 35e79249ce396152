"""Where a file came from: told beside it, or inside it where the format has a place for that."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from rcli import __version__
from rcli.api.trace import redacted_url
from rcli.records import Json, Prediction
from rcli.services.models.schema import input_fields
from rcli.services.request.words import is_url

KEYWORD = "rcli"
"""The name of the text in a PNG; in a JPEG it begins the comment."""

_PNG = b"\x89PNG\r\n\x1a\n"
_LARGEST_COMMENT = 0xFFFF - 2
_LONGEST = 2000
_SEED = re.compile(r"\b(?:using )?seed\s*(?:[:=]|is|was|set to)?\s*(\d{1,20})\b", re.IGNORECASE)


def told(prediction: Prediction, host: str, document: Json) -> Json:
    """Where a prediction's files came from; secret inputs are left out."""
    secrets = {each.name for each in input_fields(document) if each.is_secret}
    return {
        "id": prediction.id,
        "host": host,
        "model": prediction.model,
        "version": prediction.version,
        "created_at": prediction.created_at,
        "started_at": prediction.started_at,
        "completed_at": prediction.completed_at,
        "input": {name: value for name, value in prediction.input.items() if name not in secrets},
        "seed": seed(prediction),
        "metrics": prediction.metrics,
        "web": prediction.urls.get("web"),
        "rcli": __version__,
    }


def seed(prediction: Prediction) -> int | None:
    """The number that began the chance: as it was asked for, else as the model's output or logs tell it."""
    output = prediction.output if isinstance(prediction.output, dict) else {}
    for said in (prediction.input.get("seed"), output.get("seed")):
        if isinstance(said, int) and not isinstance(said, bool) and said >= 0:
            return said
    found = _SEED.search(prediction.logs)
    return int(found[1]) if found else None


def embed(path: Path, origin: Json) -> bool:
    """Writes the origin into a PNG or JPEG, whose picture stays as it is, bit for bit.

    False for any other content, which is not touched. Raises OSError; then the file is what it was.
    """
    with path.open("rb") as file:
        place = _place(file)
        if place is None:
            return False
        at, wrapped = place
        content = wrapped(public(origin))
        if content is None:
            return False
        _insert(path, file, at, content)
    return True


def _place(file: BinaryIO) -> tuple[int, Callable[[Json], bytes | None]] | None:
    head = file.read(8)
    if head == _PNG:
        return (at, _png_text) if (at := _after_header(file)) else None
    if head.startswith(b"\xff\xd8\xff"):
        return (at, _jpeg_comment) if (at := _after_applications(file)) else None
    return None


def _after_header(file: BinaryIO) -> int | None:
    """Behind the first chunk of a PNG, where texts may stand."""
    length, name = struct.unpack(">I4s", file.read(8).ljust(8, b"\0"))
    return 8 + 8 + 13 + 4 if (length, name) == (13, b"IHDR") else None


def _after_applications(file: BinaryIO) -> int | None:
    """Behind the segments of a JPEG that must come first: JFIF, Exif and their like."""
    at = 2
    while True:
        file.seek(at)
        marker = file.read(4)
        if len(marker) < 4 or marker[0] != 0xFF:
            return None
        if not 0xE0 <= marker[1] <= 0xEF:
            return at
        at += 2 + max(2, int.from_bytes(marker[2:]))


def _png_text(origin: Json) -> bytes:
    """An iTXt chunk: a keyword, no compression, no language, UTF-8 (PNG specification, 11.3.3.4)."""
    data = KEYWORD.encode() + b"\0\0\0\0\0" + _json(origin)
    body = b"iTXt" + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def _jpeg_comment(origin: Json) -> bytes | None:
    """A comment segment, None where it would be longer than a segment can be."""
    data = f"{KEYWORD}: ".encode() + _json(origin)
    if len(data) > _LARGEST_COMMENT:
        return None
    return b"\xff\xfe" + struct.pack(">H", len(data) + 2) + data


def _json(origin: Json) -> bytes:
    return json.dumps(origin, ensure_ascii=False).encode("utf-8", "replace")


def public(value: Any) -> Any:
    """The same for a file that is passed on: data URIs, and other texts without end, are cut to their
    beginning, and addresses lose their queries, which sign or authorize.
    """
    match value:
        case str() if value.startswith("data:"):
            return value.partition(",")[0][:100] + ",…"
        case str() if is_url(value):
            return redacted_url(value.partition("?")[0])[:_LONGEST]
        case str() if len(value) > _LONGEST:
            return value[:_LONGEST] + "…"
        case list():
            return [public(item) for item in value]
        case dict():
            return {key: public(inner) for key, inner in value.items()}
    return value


def _insert(path: Path, file: BinaryIO, at: int, content: bytes) -> None:
    """Puts bytes into a file that is whole before and after, whatever happens meanwhile."""
    part = path.with_name(f".{path.name[:100]}.{os.getpid()}.part")
    try:
        with part.open("xb") as made:
            os.chmod(part, path.stat().st_mode & 0o777)
            file.seek(0)
            made.write(file.read(at))
            made.write(content)
            shutil.copyfileobj(file, made, 1 << 20)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
