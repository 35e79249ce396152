"""The README's pictures show what commands write, and nothing of the machine that made them."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.captures import DOCS, HELLO, SCENES, Scene, capture
from tests.processes import ROOT
from tests.screenshot import svg

SVG = "{http://www.w3.org/2000/svg}"


def texts(picture: str) -> str:
    found = (element.text or "" for element in ElementTree.fromstring(picture).iter(f"{SVG}text"))
    return "\n".join(found).replace("\xa0", " ")


def test_a_capture_has_the_words_of_the_command_and_of_its_output(warm_home: Path) -> None:
    picture = capture(HELLO, warm_home)

    assert "$ rcli run rcli/hello text=world" in texts(picture)
    assert "hello world" in texts(picture)
    assert "succeeded" in texts(picture)
    assert str(warm_home) not in picture


def test_a_screenshot_keeps_colours_and_draws_half_blocks_as_shapes() -> None:
    raw = b"\x1b[31mred\x1b[0m \x1b[2mdim\x1b[0m\r\n\x1b[38;2;1;2;3m\x1b[48;2;4;5;6m\xe2\x96\x80\x1b[0m"

    picture = svg("x", "$ it", raw, 20)

    red, dim = (re.search(rf'class="(x-r\d)"[^>]*>{word}<', picture) for word in ("red", "dim"))
    assert red
    assert dim
    assert f".{red[1]} {{ fill: #cc555a }}" in picture
    assert f".{dim[1]} {{ fill: #9a9b99 }}" in picture
    assert "fill: #010203" in picture
    assert 'fill="#040506"' in picture
    assert "▀" not in picture


def test_the_readme_and_its_pages_show_every_capture() -> None:
    pages = [ROOT / "README.md", *DOCS.glob("*.md")]
    shown = [
        name
        for page in pages
        for name in re.findall(r"!\[[^\]]+\]\((?:docs/)?([^)/]+)\)", page.read_text("utf-8"))
    ]

    assert sorted(shown) == sorted(f"{scene.name}.svg" for scene in SCENES)
    assert sorted(shown) == sorted(path.name for path in DOCS.glob("*.svg"))


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_the_captures_are_small_and_name_no_host_and_no_temporary_folder(scene: Scene) -> None:
    picture = (DOCS / f"{scene.name}.svg").read_text(encoding="utf-8")

    assert len(picture) < 60_000
    assert "$ rcli " in texts(picture)
    assert "/tmp/" not in picture
    assert "http" not in picture.replace('xmlns="http://www.w3.org/2000/svg"', "")
