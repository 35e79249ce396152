"""Text from the network, made harmless before a terminal sees it."""

from __future__ import annotations

import re

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # control sequences: colours, cursor
    r"|\x1b[\]P^_X][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)"  # titles, clipboard, device strings
    r"|\x1b[ -/]*[0-~]"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


_HALVES = re.compile(r"[\ud800-\udfff]")
_UNWRITABLE = re.compile(r"[\ud800-\udc7f\udd00-\udfff]")


def clean(text: str) -> str:
    """The text without escape sequences, control characters (but newline and tab) and direction marks.

    Halves of characters, and bytes that are none, become a mark: a terminal may obey such a byte.
    """
    return _HALVES.sub("�", _CONTROLS.sub("", _ESCAPES.sub("", text.replace("\r\n", "\n"))))


def is_writable(text: str) -> bool:
    """Whether a stream can take the text: JSON may tell of halves of characters, which have no bytes."""
    return text.isascii() or not _UNWRITABLE.search(text)


def writable(text: str) -> str:
    """The text as it is, but for halves of characters: they become a mark."""
    return text if text.isascii() else _UNWRITABLE.sub("�", text)


def one_line(text: str) -> str:
    """The same on one line, for names, titles and table cells."""
    return " ".join(clean(text).split())


class StreamCleaner:
    """Cleans a text that comes in pieces: an escape sequence may be cut in two."""

    _OPEN = re.compile(
        r"(?:\x1b(?:\[[0-?]*[ -/]*|[\]P^_X][^\x07\x1b\x9c]{0,4096}\x1b?|[ -/]*)|\x9b[0-?]*[ -/]*)$"
    )

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, piece: str) -> str:
        """What of the text so far may be shown; the open end of a sequence is kept for the next piece."""
        text = self._rest + piece
        found = self._OPEN.search(text)
        cut = found.start() if found else len(text)
        self._rest = text[cut:]
        return clean(text[:cut])
