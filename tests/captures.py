"""Makes the README's pictures: real commands on a terminal, and what it showed as SVG.

``python -m tests.captures`` writes ``docs/*.svg``. It needs the network once, for the packages of two models,
and takes a minute or two. Identifiers and times differ each time; the temporary home is shown as ``~``.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import end_engine, environment
from tests.processes import ROOT, command
from tests.screenshot import svg
from tests.terminal import TerminalSession

DOCS = ROOT / "docs"
COLUMNS, ROWS = 84, 22


@dataclass(frozen=True)
class Scene:
    """A command, and how to bring its terminal to the moment that is shown: the bytes until then."""

    name: str
    argv: tuple[str, ...]
    moment: Callable[[TerminalSession], bytes]


def at_the_end(session: TerminalSession) -> bytes:
    session.end()
    return session.raw


def at_work(session: TerminalSession) -> bytes:
    session.until(lambda screen: re.search(r"[3-9]\d ?%", screen) is not None)
    return _leave(session)


def at_the_choice(session: TerminalSession) -> bytes:
    session.shows("image")
    session.press("house.png\r")
    session.shows("anime")
    return _leave(session)


SCENES = (
    Scene("run", ("run", "rcli/upscale", "image=@large.png", "model=anime", "-o", "larger.png"), at_work),
    Scene("picture", ("run", "rcli/style-transfer", "image=@large.png", "-o", "painted.png"), at_the_end),
    Scene("question", ("run", "rcli/upscale", "--interactive"), at_the_choice),
    Scene("help", ("run", "rcli/upscale", "--help"), at_the_end),
    Scene("mistake", ("run", "rcli/smollm2", "promt=Hello", "temperature=3"), at_the_end),
    Scene("list", ("predictions", "list", "--host", "local"), at_the_end),
)
HELLO = Scene("hello", ("run", "rcli/hello", "text=world"), at_the_end)


def main() -> None:
    DOCS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        try:
            _prepare(home)
            for scene in SCENES:
                (DOCS / f"{scene.name}.svg").write_text(capture(scene, home), encoding="utf-8")
        finally:
            end_engine(home)


def capture(scene: Scene, home: Path) -> str:
    """A scene in ``~/demo``, as SVG. Raises ValueError if the home's path is in it."""
    demo = home / "demo"
    demo.mkdir(exist_ok=True)
    environ = environment(home) | {"COLORTERM": "truecolor"}
    session = TerminalSession(command(*scene.argv), environ, demo, columns=COLUMNS, rows=ROWS)
    try:
        raw = scene.moment(session).replace(str(home).encode(), b"~")
    finally:
        session.kill()
    picture = svg(scene.name, f"$ {shlex.join(('rcli', *scene.argv))}", raw, COLUMNS)
    if str(home) in picture:
        raise ValueError(f"{scene.name}: {home} is in the picture")
    return picture


def _prepare(home: Path) -> None:
    (home / "demo").mkdir()
    shutil.copy(ROOT / "tests" / "data" / "house.png", home / "demo")
    for argv in (
        ("run", "rcli/hello", "text=world"),
        ("run", "rcli/style-transfer", "image=@house.png"),
        ("run", "rcli/upscale", "image=@house.png", "-o", "large.png"),
    ):
        environ = environment(home) | {"PYTHONPATH": str(ROOT)}
        subprocess.run(command(*argv), env=environ, cwd=home / "demo", check=True, capture_output=True)


def _leave(session: TerminalSession) -> bytes:
    """Takes what is shown, then presses Ctrl-C."""
    seen = session.raw
    session.press("\x03")
    session.end()
    return seen


if __name__ == "__main__":
    main()
