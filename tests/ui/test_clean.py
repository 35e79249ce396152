"""Hostile text does nothing to a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcli.ui.clean import StreamCleaner, clean, is_writable, one_line, writable


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
        ("half \ud83e of it", "half � of it"),
        ("a byte \udc9b2J that is none", "a byte �2J that is none"),
        ("\x1b[31", "31"),
        ("\x9d52;c;ZXZpbA==\x9cx", "52;c;ZXZpbA==x"),
        ("\u061c\u200e\u200f\u2066\u2069marks", "marks"),
        ("\x1b(0lines\x1b(B", "lines"),
        ("\x1bc\x1b7\x1b8\x1b=reset", "reset"),
        ("\x1b[?1049h\x1b[6n\x1b[21tasked", "asked"),
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


@given(st.text(max_size=60))
def test_what_is_written_can_be_written(text: str) -> None:
    assert writable(text).encode("utf-8", "surrogateescape")[:0] == b""
    assert (writable(text) == text) == is_writable(text)


def test_bytes_of_a_file_name_pass_through_a_pipe_as_they_are() -> None:
    assert writable("caf\udce9 \ud83e") == "caf\udce9 �"
