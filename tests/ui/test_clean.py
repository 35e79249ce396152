"""Hostile text does nothing to a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcli.ui.clean import StreamCleaner, clean, one_line


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;ZXZpbA==\x07x", "x"),
        ("\x1bP1;2|device\x1b\\x", "x"),
        ("\x9b2Jx", "x"),
        ("a\x08\x08b", "ab"),
        ("user\u202etxt.exe", "usertxt.exe"),
        ("one\r\ntwo\rthree", "one\ntwothree"),
        ("keep\ttabs\nand lines", "keep\ttabs\nand lines"),
        ("Grüße 猫 🦖", "Grüße 猫 🦖"),
    ],
)
def test_sequences_and_controls_go_and_text_stays(hostile: str, harmless: str) -> None:
    assert clean(hostile) == harmless


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    assert not any((ord(char) < 32 and char not in "\n\t") or char in "\x7f\x9b\x9d" for char in clean(text))


@given(st.lists(st.sampled_from(["\x1b[3", "1m", "text", "\x1b]52;c;", "abc", "\x07", "\x1b", "[2J", "\n"])))
def test_pieces_are_as_clean_as_the_whole(pieces: list[str]) -> None:
    cleaner = StreamCleaner()

    shown = "".join(cleaner.feed(piece) for piece in pieces)

    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_a_sequence_cut_in_two_is_still_removed() -> None:
    cleaner = StreamCleaner()

    assert cleaner.feed("before\x1b[3") + cleaner.feed("1mafter") == "beforeafter"


def test_a_name_stays_on_its_line() -> None:
    assert one_line("a\nb\t c\x1b[2J") == "a b c"
