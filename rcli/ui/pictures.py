"""Pictures in the terminal: as pixels where it can draw them, else in half blocks of colour."""

from __future__ import annotations

import logging
import os
import select
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from rcli import images

if TYPE_CHECKING:
    from rich.console import Console

MOST = 16
"""So many pictures are on a contact sheet."""

_PROTOCOLS = {
    "tgp": "as pixels, with kitty's graphics protocol",
    "sixel": "as pixels, with sixels",
    "halfcell": "in half blocks of colour",
    "unicode": "in signs without colours",
}
_SIDE = 1024
_COLUMNS = 4
_CELL, _GAP = 256, 16
_WIDEST = 64


def may_show(console: Console, stdin: TextIO) -> bool:
    """Whether there is a terminal with colours that can be asked what it draws.

    It answers on stdin, behind what was typed there: reading it would take that from the shell. Whoever asks
    from the background is stopped by the system.
    """
    has_colours = console.is_terminal and console.color_system is not None and not console.no_color
    can_be_asked = has_colours and stdin.isatty() and _is_in_foreground(stdin) and _has_size(console)
    return can_be_asked and not _was_typed_at(stdin)


def protocol(console: Console, stdin: TextIO) -> str | None:
    """How pictures are drawn on this terminal; None where they are not."""
    if not may_show(console, stdin) or (renderable := _renderable()) is None:
        return None
    _forget_questions(console)
    return _PROTOCOLS[renderable.__module__.rpartition(".")[2]]


def show(console: Console, paths: Sequence[Path]) -> int:
    """Draws what are pictures, several as a contact sheet; how many there were. Leaves all others out."""
    thumbnails = (images.thumbnail(path, _SIDE, _SIDE) for path in paths)
    found = list(islice(filter(None, thumbnails), MOST))
    if not found or (renderable := _renderable()) is None:
        return 0
    _forget_questions(console)
    picture = found[0] if len(found) == 1 else images.contact_sheet(found, _COLUMNS, _CELL, _GAP)
    width, height = _room(console, picture.width)
    console.print(renderable(picture, width="auto", height="auto"), width=width, height=height)
    return len(found)


def _room(console: Console, pixels: int) -> tuple[int, int]:
    """Cells for a picture so wide: not more than leaves something else to see, nor than it has pixels for."""
    width = min(console.width, _WIDEST, max(8, pixels // 2))
    return width, max(4, console.height // 2)


def _renderable() -> Any:
    """What draws here; None when the terminal's answer was not understood."""
    import termios

    # It asks the terminal as soon as it is imported, and tells what it did not understand with a traceback.
    logger = logging.getLogger("textual_image")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    try:
        from textual_image.renderable import Image
    except (UnicodeDecodeError, termios.error):  # somebody is typing, or the terminal has gone
        return None
    return Image


def _forget_questions(console: Console) -> None:
    """Some terminals print a question that they do not understand."""
    from rich.control import Control
    from rich.segment import ControlType

    console.control(Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2)))


def _has_size(console: Console) -> bool:
    """Some terminals, of containers for instance, do not know how large they are."""
    try:
        return min(os.get_terminal_size(console.file.fileno())) > 0
    except (OSError, ValueError):
        return False


def _was_typed_at(stdin: TextIO) -> bool:
    """Whether keys wait to be read, a line without its end too; they stay. Also if the terminal has gone."""
    import termios
    import tty

    try:
        before = termios.tcgetattr(stdin)
        tty.setcbreak(stdin, termios.TCSANOW)
        try:
            return bool(select.select([stdin], [], [], 0)[0])
        finally:
            termios.tcsetattr(stdin, termios.TCSANOW, before)
    except (OSError, termios.error):
        return True


def _is_in_foreground(stdin: TextIO) -> bool:
    try:
        return os.tcgetpgrp(stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError, AttributeError):  # no terminal of ours, no descriptor, no such system
        return False
