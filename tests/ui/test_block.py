"""Lines that are written anew in place, as a terminal shows them byte by byte."""

from __future__ import annotations

import io

import pyte
import pytest

from rcli.ui.block import Block


class Terminal:
    """A screen that is given a block's output as it comes."""

    def __init__(self, columns: int = 80, rows: int = 10) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._feed = pyte.ByteStream(self.screen)
        self.stream = io.StringIO(newline="")
        self.block = Block(self.stream)

    def passes(self) -> list[list[str]]:
        """What is on the screen after each byte of what was written since the last time."""
        text, _, _ = self.stream.getvalue(), self.stream.seek(0), self.stream.truncate()
        seen = []
        for byte in text.encode():
            self._feed.feed(bytes([byte]))
            seen.append(self.lines)
        return seen

    def type(self, text: str) -> None:
        self._feed.feed(text.encode())

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display if line.strip()]


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_new_picture_never_shows_less_than_the_old_one(columns: int) -> None:
    terminal = Terminal(columns)
    terminal.type("$ rcli run\r\n")
    first = ["running 1.0 s".ljust(columns - 1, "x"), "  one", "  two"]
    terminal.block.show(first)
    terminal.passes()

    for tenth in range(1, 20):
        terminal.block.show([f"running 1.{tenth % 10} s".ljust(columns - 1, "x"), "  one", "  two"])
        seen = terminal.passes()

        assert all(len(lines) == 4 for lines in seen)
        assert all(lines[0] == "$ rcli run" for lines in seen)
        assert all(lines[1].startswith("running 1.") and lines[1].endswith("x") for lines in seen)
        assert all(lines[2:] == ["  one", "  two"] for lines in seen)


def test_a_smaller_picture_leaves_nothing_of_a_larger_one() -> None:
    terminal = Terminal()

    terminal.block.show(["a long head of it", "one", "two"])
    terminal.block.show(["head", "three"])
    terminal.passes()

    assert terminal.lines == ["head", "three"]


def test_at_the_end_nothing_is_left_and_the_cursor_is_where_it_was() -> None:
    terminal = Terminal()
    terminal.type("before\r\n")

    terminal.block.show(["head", "one", "two"])
    terminal.block.erase()
    terminal.passes()

    assert terminal.lines == ["before"]
    assert (terminal.screen.cursor.x, terminal.screen.cursor.y, terminal.screen.cursor.hidden) == (
        0,
        1,
        False,
    )
    assert pyte.modes.DECAWM in terminal.screen.mode


def test_what_ctrl_c_writes_goes_with_the_picture() -> None:
    terminal = Terminal()

    terminal.block.show(["head", "one"])
    terminal.passes()
    terminal.type("^C")
    terminal.block.erase()
    terminal.passes()

    assert terminal.lines == []


def test_a_text_above_pushes_the_picture_down() -> None:
    terminal = Terminal()

    terminal.block.show(["head", "one"])
    terminal.block.show(["head", "one"], "said\r\n")
    terminal.passes()

    assert terminal.lines == ["said", "head", "one"]


def test_at_the_bottom_of_the_screen_it_scrolls_once_and_stays() -> None:
    terminal = Terminal(rows=4)
    for number in range(4):
        terminal.type(f"line {number}\r\n")

    for tenth in range(5):
        terminal.block.show([f"head {tenth}", "one", "two"])
    terminal.passes()

    assert terminal.lines == ["line 3", "head 4", "one", "two"]


def test_a_picture_on_a_narrower_terminal_begins_where_the_old_one_did() -> None:
    terminal = Terminal(80)
    terminal.type("before\r\n")
    terminal.block.show(["h" * 79, "o" * 79])
    terminal.passes()

    terminal.screen.resize(columns=40)
    terminal.block.show(["h" * 39, "o" * 39])
    terminal.passes()

    assert terminal.lines == ["before", "h" * 39, "o" * 39]


def test_a_terminal_that_wraps_old_lines_anew_is_left_clean() -> None:
    """What most terminals make of two lines of 79 when there are only 40 columns: four, the cursor stays."""
    terminal = Terminal(40)
    terminal.type("before\r\n" + "h" * 79 + "\r\n" + "o" * 79 + "\x1b[3A\r")

    terminal.block.show(["h" * 39, "o" * 39])
    terminal.passes()

    assert terminal.lines == ["before", "h" * 39, "o" * 39]


def test_where_nothing_is_shown_there_is_nothing_to_erase() -> None:
    terminal = Terminal()

    terminal.block.erase()

    assert terminal.stream.getvalue() == ""
