"""How long sounds and films are, read from their headers: nothing is decoded."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rcli.services.results.formats import told_by

_HEAD = 4096
_TAIL = 1 << 16
_MOST_BOXES = 10_000
_LONGEST = 86400 * 365
"""Seconds; what claims to last longer is not believed."""


@dataclass(frozen=True)
class Medium:
    """``kind`` such as WAV; ``seconds`` and ``size`` in pixels are None where the headers do not tell."""

    kind: str
    seconds: float | None
    size: tuple[int, int] | None = None


def read(path: Path) -> Medium | None:
    """None for what is no sound and no film. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        told = told_by(head)
        content_type = told.content_type if told else "audio/mpeg" if _frame(head) else ""
        if not content_type.startswith(("audio/", "video/")):
            return None
        kind = told.extensions[0].lstrip(".").upper() if told else "MP3"
        try:
            return _measured(file, head, kind, content_type)
        except (struct.error, ValueError, IndexError, OverflowError):  # cut short, or not what it says
            return Medium(kind, None)


def _measured(file: BinaryIO, head: bytes, kind: str, content_type: str) -> Medium:
    match kind:
        case "WAV":
            return Medium(kind, _credible(_wav(file)))
        case "FLAC":
            return Medium(kind, _credible(_flac(head)))
        case "OGG":
            return Medium(kind, _credible(_ogg(file, head)))
        case "MP3":
            return Medium(kind, _credible(_mp3(file)))
        case "MP4" | "MOV" | "M4A":
            seconds, size = _mp4(file)
            return Medium(kind, _credible(seconds), size if content_type.startswith("video/") else None)
        case "WEBM" | "MKV":
            return Medium(kind, _credible(_matroska(head)))
    return Medium(kind, None)


def _credible(seconds: float | None) -> float | None:
    return seconds if seconds is not None and 0 <= seconds < _LONGEST else None


def _length(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


# WAV: chunks; "fmt " tells the bytes of a second, "data" how many there are


def _wav(file: BinaryIO) -> float | None:
    whole, at, rate = _length(file), 12, 0
    for _ in range(_MOST_BOXES):
        file.seek(at)
        name, size = struct.unpack("<4sI", file.read(8))
        if name == b"fmt ":
            rate = struct.unpack("<HHII", file.read(12))[3]
        if name == b"data":
            there = whole - at - 8  # a stream that was written without seeking claims to be endless
            return min(size, there) / rate if rate else None
        at += 8 + size + size % 2
    return None


def _flac(head: bytes) -> float | None:
    """STREAMINFO: 20 bits of rate, 3 of channels, 5 of depth, 36 of samples."""
    packed = int.from_bytes(head[18:26])
    rate, samples = packed >> 44, packed & (1 << 36) - 1
    return samples / rate if rate and samples and len(head) >= 26 else None


def _ogg(file: BinaryIO, head: bytes) -> float | None:
    """The last page's position, in samples; Opus counts 48,000 in a second and has a few to skip."""
    rate, skipped = 0, 0
    if (at := head.find(b"\x01vorbis")) >= 0:
        (rate,) = struct.unpack_from("<I", head, at + 12)
    elif (at := head.find(b"OpusHead")) >= 0:
        rate, (skipped,) = 48_000, struct.unpack_from("<H", head, at + 10)
    file.seek(max(0, _length(file) - _TAIL))
    tail = file.read()
    last = tail.rfind(b"OggS")
    if not rate or last < 0:
        return None
    (position,) = struct.unpack_from("<q", tail, last + 6)
    return (position - skipped) / rate if position > 0 else None


# MP3: the first frame may tell how many there are; with a constant rate the length of the file does


_RATES = (44100, 48000, 32000)
_KBITS = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


@dataclass(frozen=True)
class _Frame:
    """Of layer III; ``side`` is where the tag with the number of frames begins."""

    rate: int
    samples: int
    bits_per_second: int
    side: int


def _frame(head: bytes) -> _Frame | None:
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version = {3: 1, 2: 2, 0: 4}.get(head[1] >> 3 & 3)  # of MPEG: 1, 2, 2.5
    bits, rate = head[2] >> 4, head[2] >> 2 & 3
    if version is None or bits in (0, 15) or rate == 3:
        return None
    is_mono = head[3] >> 6 == 3
    first = version == 1
    side = 4 + ((17 if is_mono else 32) if first else (9 if is_mono else 17))
    kbits = _KBITS[1 if first else 2][bits]
    return _Frame(_RATES[rate] // version, 1152 if first else 576, kbits * 1000, side)


def _mp3(file: BinaryIO) -> float | None:
    whole = _length(file)
    file.seek(0)
    head = file.read(10)
    begin = 10 + _sync_safe(head[6:10]) if head.startswith(b"ID3") else 0
    file.seek(begin)
    head = file.read(_HEAD)
    frame = _frame(head)
    if frame is None:
        return None
    if head[frame.side : frame.side + 4] in (b"Xing", b"Info"):
        flags, count = struct.unpack_from(">II", head, frame.side + 4)
        if flags & 1:
            return float(count * frame.samples / frame.rate)
    return (whole - begin) * 8 / frame.bits_per_second


def _sync_safe(data: bytes) -> int:
    return sum((byte & 0x7F) << shift for byte, shift in zip(data, (21, 14, 7, 0), strict=True))


# MP4: boxes within boxes; moov/mvhd tells the time, moov/trak/tkhd a picture's size


def _mp4(file: BinaryIO) -> tuple[float | None, tuple[int, int] | None]:
    seconds: float | None = None
    size: tuple[int, int] | None = None
    for name, at, end in _boxes(file, 0, _length(file)):
        if name != b"moov":
            continue
        for inner, inner_at, inner_end in _boxes(file, at, end):
            if inner == b"mvhd":
                seconds = _movie_seconds(file, inner_at)
            elif inner == b"trak":
                size = size or _track_size(file, inner_at, inner_end)
    return seconds, size


def _boxes(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, begin and end of the content of each box."""
    for _ in range(_MOST_BOXES):
        if at + 8 > end:
            return
        file.seek(at)
        size, name = struct.unpack(">I4s", file.read(8))
        begin = at + 8
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            begin += 8
        following = at + size if size else end
        if following < begin:
            return
        yield name, begin, min(following, end)
        at = following


def _movie_seconds(file: BinaryIO, at: int) -> float | None:
    file.seek(at)
    data = file.read(32)
    form, skip = (">IQ", 20) if data[0] == 1 else (">II", 12)
    scale, duration = struct.unpack_from(form, data, skip)
    unknown = (1 << 64) - 1 if data[0] == 1 else (1 << 32) - 1
    return duration / scale if scale and duration != unknown else None


def _track_size(file: BinaryIO, at: int, end: int) -> tuple[int, int] | None:
    for name, _, inner_end in _boxes(file, at, end):
        if name == b"tkhd":
            file.seek(inner_end - 8)
            width, height = struct.unpack(">II", file.read(8))
            return (width >> 16, height >> 16) if width and height else None
    return None


# Matroska and WebM: a number of bytes says how long a number is; Info has the time and its unit


def _matroska(head: bytes) -> float | None:
    """From the head alone, where Info stands in what is written to be played."""
    info = head.find(b"\x15\x49\xa9\x66")
    if info < 0:
        return None
    rest = head[info + 4 :]
    scale, duration = _element(rest, b"\x2a\xd7\xb1"), _element(rest, b"\x44\x89")
    if duration is None or len(duration) not in (4, 8):
        return None
    nanoseconds = int.from_bytes(scale) if scale else 1_000_000
    (count,) = struct.unpack(">f" if len(duration) == 4 else ">d", duration)
    return float(count * nanoseconds / 1e9)


def _element(data: bytes, name: bytes) -> bytes | None:
    """The content of a short element, whose length is a single byte."""
    at = data.find(name)
    if at < 0 or data[at + len(name)] & 0x80 == 0:
        return None
    begin = at + len(name) + 1
    return data[begin : begin + (data[begin - 1] & 0x7F)]
