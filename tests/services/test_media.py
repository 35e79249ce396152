"""How long sounds and films are: told by files that were made here, byte by byte or by Python."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcli.services.results.media import Medium, read


def read_bytes(folder: Path, content: bytes) -> Medium | None:
    path = folder / "medium"
    path.write_bytes(content)
    return read(path)


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, name) + content


def movie(version: int, scale: int, duration: int) -> bytes:
    form = ">IIIII" if version == 0 else ">IQQIQ"
    head = struct.pack(form, version << 24, 0, 0, scale, duration)
    track = box(b"tkhd", bytes(76) + struct.pack(">II", 640 << 16, 360 << 16))
    sound = box(b"trak", box(b"tkhd", bytes(84)))
    whole = box(b"mvhd", head + bytes(80)) + sound + box(b"trak", track)
    return box(b"ftyp", b"isom" + bytes(4)) + box(b"mdat", bytes(100)) + box(b"moov", whole)


def frames(count: int, *, tag: bytes = b"") -> bytes:
    """MPEG 1, layer III, 128 kbit/s, 44.1 kHz, stereo: 417 bytes a frame."""
    head = b"\xff\xfb\x90\x00"
    first = (head + bytes(32) + tag).ljust(417, b"\0")
    return first + (head + bytes(413)) * (count - 1)


def flac(rate: int, samples: int) -> bytes:
    packed = (rate << 44 | 1 << 41 | 15 << 36 | samples).to_bytes(8)
    return b"fLaC" + b"\x80\0\0\x22" + bytes(10) + packed + bytes(16)


def ogg(codec: bytes, position: int) -> bytes:
    def page(granule: int, content: bytes) -> bytes:
        return (
            b"OggS\0\0" + struct.pack("<q", granule) + bytes(12) + b"\x01" + bytes([len(content)]) + content
        )

    return page(0, codec) + page(position, b"sound")


def webm(seconds: float) -> bytes:
    duration = b"\x44\x89\x88" + struct.pack(">d", seconds * 1000)
    scale = b"\x2a\xd7\xb1\x83" + (1_000_000).to_bytes(3)
    head = b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm"
    return head + b"\x18\x53\x80\x67\xff" + b"\x15\x49\xa9\x66\x92" + scale + duration


def test_a_wav_is_as_long_as_its_data(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(4 * 8000 * 3))

    assert read(tmp_path / "a.wav") == Medium("WAV", 3.0)


@pytest.mark.parametrize(
    ("content", "medium"),
    [
        (movie(0, 600, 3000), Medium("MP4", 5.0, (640, 360))),
        (movie(1, 1000, 2500), Medium("MP4", 2.5, (640, 360))),
        (movie(0, 600, 0xFFFFFFFF), Medium("MP4", None, (640, 360))),
        (movie(0, 0, 3000), Medium("MP4", None, (640, 360))),
        (flac(44100, 44100 * 7), Medium("FLAC", 7.0)),
        (flac(44100, 0), Medium("FLAC", None)),
        (ogg(b"\x01vorbis" + bytes(5) + struct.pack("<I", 44100), 88200), Medium("OGG", 2.0)),
        (ogg(b"OpusHead\x01\x02" + struct.pack("<H", 312), 48312), Medium("OGG", 1.0)),
        (ogg(b"\x80theora", 100), Medium("OGG", None)),
        (webm(4.5), Medium("WEBM", 4.5)),
        (b"\x1a\x45\xdf\xa3" + bytes(50), Medium("MKV", None)),
        (b"RIFF\x10\0\0\0AVI LIST", Medium("AVI", None)),
        (b"RIFF\x10\0\0\0WAVE", Medium("WAV", None)),
        (b"ID3\x04", Medium("MP3", None)),
    ],
)
def test_headers_tell_the_length_or_it_is_unknown(tmp_path: Path, content: bytes, medium: Medium) -> None:
    assert read_bytes(tmp_path, content) == medium


@pytest.mark.parametrize(
    ("content", "seconds"),
    [
        (frames(100), 100 * 417 * 8 / 128_000),
        (frames(3, tag=b"Xing\0\0\0\x01" + struct.pack(">I", 1000)), 1000 * 1152 / 44100),
        (b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + frames(100), 100 * 417 * 8 / 128_000),
    ],
    ids=["constant rate", "variable rate", "behind a tag"],
)
def test_an_mp3_tells_its_length(tmp_path: Path, content: bytes, seconds: float) -> None:
    medium = read_bytes(tmp_path, content)

    assert medium
    assert medium.kind == "MP3"
    assert medium.seconds == pytest.approx(seconds)


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7"])
def test_what_is_no_medium_is_none(tmp_path: Path, content: bytes) -> None:
    assert read_bytes(tmp_path, content) is None


MADE = [movie(1, 1000, 2500), flac(44100, 7), ogg(b"OpusHead", 5), webm(1.0), frames(2), b"RIFF\0\0\0\0WAVE"]


@given(st.sampled_from(MADE), st.integers(0, 300), st.binary(max_size=40))
def test_broken_headers_break_nothing(
    tmp_path_factory: pytest.TempPathFactory, made: bytes, at: int, noise: bytes
) -> None:
    content = made[:at] + noise + made[at + len(noise) :]

    medium = read_bytes(tmp_path_factory.getbasetemp(), content)

    assert medium is None or medium.seconds is None or medium.seconds >= 0
