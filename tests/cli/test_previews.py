"""Pictures, sounds and films in the terminal: what a person sees of them, and that a pipe never does."""

from __future__ import annotations

import io
import os
import sys
import wave
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import FILES, ID, RUN, Cloud, cloud, managed, prediction
from tests.terminal import TerminalSession

__all__ = ["cloud"]

RED, BLUE = (200, 30, 30), (30, 30, 200)
COLOURS = {"COLORTERM": "truecolor"}


def picture(*colours: tuple[int, int, int], form: str = "PNG") -> bytes:
    """Stripes from the left to the right."""
    image = Image.new("RGB", (120, 60))
    width = 120 // len(colours)
    for index, colour in enumerate(colours):
        image.paste(colour, (index * width, 0, (index + 1) * width, 60))
    made = io.BytesIO()
    image.save(made, format=form)
    return made.getvalue()


def sound(seconds: int) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000 * seconds))
    return made.getvalue()


def blocks(session: TerminalSession) -> list[str]:
    """The lines of the screen that are drawn in half blocks."""
    return [line for line in session.lines if "▀" in line]


def colours(session: TerminalSession) -> set[tuple[int, int, int]]:
    """What colours the half blocks have, roughly: each part as a multiple of 50."""
    screen = session._screen
    drawn = [cell for row in screen.buffer.values() for cell in row.values() if cell.data == "▀"]
    found = [tuple(int(cell.fg[at : at + 2], 16) for at in (0, 2, 4)) for cell in drawn]
    return {(r // 50 * 50, g // 50 * 50, b // 50 * 50) for r, g, b in found}


def gives(cloud: Cloud, *contents: tuple[str, bytes, str]) -> None:
    urls = [cloud.offers(*each) for each in contents]
    cloud.has_model(FILES)
    cloud.creates(prediction("starting"), prediction("succeeded", output=urls))


@pytest.fixture
def opener(tmp_path: Path) -> tuple[dict[str, str], Path]:
    """A browser that writes down what it is to open, and where it does."""
    heard = tmp_path / "opened"
    program = tmp_path / "browser"
    program.write_text(
        f'#!{sys.executable}\nimport sys\nopen({str(heard)!r}, "a").write(sys.argv[1] + "\\n")\n'
    )
    program.chmod(0o755)
    return {"BROWSER": str(program)}, heard


# pictures


def test_a_picture_is_drawn_in_colours(shell: Shell, cloud: Cloud) -> None:
    gives(cloud, ("out-0.png", picture(RED, BLUE), "image/png"))

    session = shell.terminal(*RUN, rows=40, columns=100, env=cloud.env | COLOURS)

    assert session.end() == 0
    assert {len(line) for line in blocks(session)} == {60}
    assert {(200, 0, 0), (0, 0, 200)} <= colours(session)
    assert str(managed(shell.home) / "out-0.png") in session.text.replace("\n", "")
    assert "120×60 PNG" in session.text
    assert session.lines[-1].endswith(ID)


def test_several_pictures_are_a_contact_sheet(shell: Shell, cloud: Cloud) -> None:
    gives(
        cloud,
        ("out-0.png", picture(RED), "image/png"),
        ("out-1.jpg", picture(BLUE, form="JPEG"), "image/jpeg"),
        ("notes.txt", b"nothing to see", "text/plain"),
    )

    session = shell.terminal(*RUN, rows=40, columns=100, env=cloud.env | COLOURS)

    assert session.end() == 0
    assert {(200, 0, 0), (0, 0, 200)} <= colours(session)
    (left, right) = blocks(session)[0], blocks(session)[-1]
    assert len(left) == len(right) == 64
    assert "3 files in" in session.text


def test_a_picture_inside_an_object_is_drawn_below_it(shell: Shell, cloud: Cloud) -> None:
    part = {"type": "string", "format": "uri"}
    cloud.has_model({"type": "object", "properties": {"plan": part, "scale": {"type": "number"}}})
    output = {"plan": cloud.offers("plan.png", picture(RED)), "scale": 0.5}
    cloud.creates(prediction("starting"), prediction("succeeded", output=output))

    session = shell.terminal(*RUN, rows=40, columns=200, env=cloud.env | COLOURS)

    assert session.end() == 0
    assert f'"plan": "{managed(shell.home) / "plan.png"}"' in session.text
    assert (200, 0, 0) in colours(session)


def test_a_picture_of_this_machine_is_drawn(warm_shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(picture(RED))

    session = warm_shell.terminal("run", str(PROJECTS / "picture"), "image=@in.png", rows=40, env=COLOURS)

    assert session.end() == 0
    assert (200, 0, 0) in colours(session)


@pytest.mark.parametrize(
    ("words", "env"),
    [
        (["--no-preview"], {}),
        (["--plain"], {}),
        (["-q"], {}),
        (["--json"], {}),
        ([], {"NO_COLOR": "1"}),
        ([], {"TERM": "dumb"}),
    ],
)
def test_nothing_is_drawn_for_those_who_do_not_want_it(
    shell: Shell, cloud: Cloud, words: list[str], env: dict[str, str]
) -> None:
    gives(cloud, ("out-0.png", picture(RED), "image/png"))

    session = shell.terminal(*RUN, *words, rows=60, env=cloud.env | COLOURS | env)

    assert session.end() == 0
    assert blocks(session) == []
    assert b"\x1b[c" not in session.raw  # nor is the terminal asked for anything


def test_previews_can_be_switched_off_for_good(shell: Shell, cloud: Cloud) -> None:
    gives(cloud, ("out-0.png", picture(RED), "image/png"))
    shell.run("config", "set", "preview", "off")

    session = shell.terminal(*RUN, rows=40, env=cloud.env | COLOURS)

    assert session.end() == 0
    assert blocks(session) == []


def test_a_pipe_gets_the_path_and_nothing_else(shell: Shell, cloud: Cloud) -> None:
    gives(cloud, ("out-0.png", picture(RED), "image/png"))
    reading, writing = os.pipe()

    session = shell.terminal(*RUN, stdout=writing, env=cloud.env | COLOURS)
    os.close(writing)

    assert session.end() == 0
    with open(reading, "rb") as pipe:
        assert pipe.read() == f"{managed(shell.home) / 'out-0.png'}\n".encode()
    assert blocks(session) == []


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\nbroken",
        picture(RED)[:60],
        picture(RED, form="JPEG")[:300],
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\0\0\0\1\0\0\x08\2\0\0\0" + bytes(40),
    ],
    ids=["no chunks", "cut PNG", "cut JPEG", "4 gigapixels"],
)
def test_what_cannot_be_drawn_is_saved_all_the_same(shell: Shell, cloud: Cloud, content: bytes) -> None:
    gives(cloud, ("out-0.png", content, "image/jpeg"))

    session = shell.terminal(*RUN, rows=40, env=cloud.env | COLOURS)

    assert session.end() == 0
    assert blocks(session) == []
    assert "Traceback" not in session.text
    assert "Warning" not in session.text
    (saved,) = managed(shell.home).glob("out-0.*")
    assert saved.read_bytes() == content


# sounds and films


def test_a_sound_is_told_with_its_length(shell: Shell, cloud: Cloud) -> None:
    gives(cloud, ("out.wav", sound(3), "audio/wav"))

    session = shell.terminal(*RUN, columns=120, env=cloud.env)

    assert session.end() == 0
    assert "3.00 s WAV, 48.0 kB" in session.lines


def test_a_film_whose_length_is_unknown_says_so(shell: Shell, cloud: Cloud) -> None:
    gives(cloud, ("out.mp4", b"\0\0\0\x10ftypisom\0\0\0\0", "video/mp4"))

    session = shell.terminal(*RUN, columns=120, env=cloud.env)

    assert session.end() == 0
    assert "length unknown, MP4, 16 B" in session.lines


# opening


def test_the_first_file_is_opened(shell: Shell, cloud: Cloud, opener: tuple[dict[str, str], Path]) -> None:
    gives(cloud, ("out-0.png", picture(RED), "image/png"), ("out-1.png", picture(BLUE), "image/png"))
    env, heard = opener

    process = shell.start(*RUN, "--open", env=cloud.env | env)

    assert process.end() == 0
    assert heard.read_text() == (managed(shell.home) / "out-0.png").as_uri() + "\n"


def test_the_page_of_a_prediction_is_opened(
    shell: Shell, cloud: Cloud, opener: tuple[dict[str, str], Path]
) -> None:
    gives(cloud, ("out-0.png", picture(RED), "image/png"))
    env, heard = opener

    process = shell.start(*RUN, "--web", env=cloud.env | env)

    assert process.end() == 0
    assert heard.read_text() == f"https://replicate.com/p/{ID}\n"


def test_what_cannot_be_opened_is_no_failure(shell: Shell, cloud: Cloud) -> None:
    gives(cloud, ("out-0.png", picture(RED), "image/png"))

    ran = shell.run(*RUN, "--open", "--web", env=cloud.env)

    assert ran.exit_code == 0
    assert ran.stderr.splitlines() == [
        f"warning: --web: there is no browser here: https://replicate.com/p/{ID}",
        f"warning: --open: there is nothing here that shows {managed(shell.home) / 'out-0.png'}",
    ]


def test_an_address_that_is_no_page_is_not_opened(
    shell: Shell, cloud: Cloud, opener: tuple[dict[str, str], Path]
) -> None:
    cloud.has_model(FILES)
    urls = {"web": "javascript:alert(1)"}
    cloud.creates(prediction("starting", urls=urls), prediction("succeeded", output=[], urls=urls))
    env, heard = opener

    process = shell.start(*RUN, "--web", env=cloud.env | env)

    assert process.end() == 0
    assert not heard.exists()
