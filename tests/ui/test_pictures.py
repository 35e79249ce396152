"""Drawing pictures: in kitty's protocol, in sixels, in blocks of colour, and when nothing is drawn."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import pytest
from PIL import Image

from rcli import images
from tests.processes import PATIENCE, ROOT

LAUNCHER = (
    "import fcntl, os, sys, termios;fcntl.ioctl(0, termios.TIOCSCTTY, 0);os.execv(sys.argv[1], sys.argv[1:])"
)
PROGRAM = """
import sys
from pathlib import Path
from rich.console import Console
from rcli.ui import pictures
console = Console()
may = pictures.may_show(console, sys.stdin)
shown = pictures.show(console, [Path(each) for each in sys.argv[1:]]) if may else None
print(f"may {may}, shown {shown}")
"""
NEXT = """
import os, select
left = os.read(0, 100) if select.select([0], [], [], 0)[0] else b""
print(f"left {left!r}")
"""


class Answering:
    """A terminal that answers questions as some do: ``answers`` by what is asked."""

    def __init__(self, number: int, answers: dict[bytes, bytes]) -> None:
        self.heard = b""
        self._number = number
        self._answers = answers
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while select.select([self._number], [], [], PATIENCE)[0]:
            try:
                data = os.read(self._number, 1 << 16)
            except OSError:  # the other end is closed
                return
            self.heard += data
            for question, answer in self._answers.items():
                if question in data:
                    os.write(self._number, answer)

    def hears(self, keys: str) -> None:
        """Somebody types."""
        os.write(self._number, keys.encode())

    def end(self) -> str:
        self._thread.join(PATIENCE)
        return self.heard.decode("utf-8", "replace")


@contextmanager
def terminal(answers: dict[bytes, bytes], rows: int) -> Iterator[tuple[int, Answering]]:
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 80, 0, 0))
    try:
        yield slave, Answering(master, answers)
    finally:
        os.close(master)


def drawn(
    paths: list[Path],
    answers: dict[bytes, bytes],
    rows: int = 24,
    environ: Mapping[str, str] = MappingProxyType({}),
    typed: str = "",
) -> str:
    """What a terminal of its own gets; ``typed`` was typed before, and what is left of it is told."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    program = PROGRAM + NEXT if typed else PROGRAM
    with terminal(answers, rows) as (slave, answering):
        answering.hears(typed)
        process = subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, sys.executable, "-c", program, *map(str, paths)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**env, **environ},
            start_new_session=True,
        )
        os.close(slave)
        process.wait(PATIENCE)
        heard = answering.end()
        assert process.returncode == 0, heard
        return heard


@pytest.fixture
def red(tmp_path: Path) -> Path:
    Image.new("RGB", (64, 32), (200, 0, 0)).save(tmp_path / "red.png")
    return tmp_path / "red.png"


def test_a_terminal_that_knows_nothing_gets_blocks(red: Path) -> None:
    text = drawn([red], {})

    assert "▀" in text
    assert "38;2;200;0;0" in text
    assert "may True, shown 1" in text


def test_a_terminal_that_knows_sixels_gets_sixels(red: Path) -> None:
    text = drawn([red], {b"\x1b[c": b"\x1b[?62;4;22c", b"\x1b[16t": b"\x1b[6;20;10t"})

    assert "\x1bP" in text
    assert "▀" not in text
    assert "may True, shown 1" in text


def test_a_terminal_that_knows_kittys_protocol_gets_that(red: Path) -> None:
    answers = {
        b"\x1b[c": b"\x1b[?62c",
        b"a=q": b"\x1b_Gi=1;OK\x1b\\",
        b"\x1b[16t": b"\x1b[6;20;10t",
    }

    text = drawn([red], answers)

    assert "\x1b_Gi=" in text.partition("a=q")[2]
    assert "U=1" in text
    assert "▀" not in text


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_without_colours_nothing_is_asked_or_drawn(red: Path, environ: dict[str, str]) -> None:
    text = drawn([red], {}, environ=environ)

    assert text.split() == ["may", "False,", "shown", "None"]


def test_a_terminal_without_a_size_gets_nothing(red: Path) -> None:
    text = drawn([red], {}, rows=0)

    assert text.split() == ["may", "False,", "shown", "None"]


def test_somebody_who_types_meanwhile_is_no_failure(red: Path) -> None:
    text = drawn([red], {b"\x1b[c": "ü".encode()})

    assert "Traceback" not in text
    assert "may True" in text


@pytest.mark.parametrize("typed", ["ls -l\n", "ls -l"])
def test_what_was_typed_before_is_left_for_the_shell(red: Path, typed: str) -> None:
    text = drawn([red], {b"\x1b[c": b"\x1b[?62c"}, typed=typed)

    assert "may False, shown None" in text
    assert f"left {typed.encode()!r}" in text


def test_what_is_no_picture_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")

    text = drawn([tmp_path / "a.txt", tmp_path / "missing.png"], {})

    assert text.split() == ["may", "True,", "shown", "0"]


# thumbnails and sheets


def test_a_thumbnail_stands_upright_and_on_black(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.new("RGBA", (400, 200), (0, 200, 0, 0)).save(tmp_path / "a.png", exif=exif)

    thumbnail = images.thumbnail(tmp_path / "a.png", 100, 100)

    assert thumbnail
    assert (thumbnail.size, thumbnail.mode, thumbnail.getpixel((1, 1))) == ((50, 100), "RGB", (0, 0, 0))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_pictures_of_any_mode_have_thumbnails(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    Image.new(mode, (40, 20)).save(path)

    thumbnail = images.thumbnail(path, 10, 10)

    assert thumbnail
    assert (thumbnail.size, thumbnail.mode) == ((10, 5), "RGB")


def test_a_map_of_depth_shows_its_upper_bits(tmp_path: Path) -> None:
    Image.new("I;16", (40, 20), 0x8000).save(tmp_path / "depth.png")

    thumbnail = images.thumbnail(tmp_path / "depth.png", 10, 10)

    assert thumbnail
    assert thumbnail.getpixel((5, 2)) == (128, 128, 128)


def test_a_contact_sheet_has_its_pictures_in_rows() -> None:
    colours = [(50 * number, 0, 0) for number in range(1, 6)]
    pictures = [Image.new("RGB", (40, 40), colour) for colour in colours]

    sheet = images.contact_sheet(pictures, columns=4, cell=20, gap=2)

    assert sheet.size == (86, 42)
    assert [sheet.getpixel((10 + 22 * number, 10)) for number in range(4)] == colours[:4]
    assert sheet.getpixel((10, 32)) == colours[4]
    assert sheet.getpixel((32, 32)) == (0, 0, 0)
