"""A model's inputs, asked for one after the other; the questions appear on stderr, as all do."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

from rcli.ui.clean import one_line
from rcli.ui.prompts import asked, left_by_ctrl_d

if TYPE_CHECKING:
    from questionary import Question as Prompt

_LONGEST = 200
_INSTRUCTION = "(arrow keys)"

Form = Literal["text", "choice", "boolean", "path", "secret", "list"]


@dataclass(frozen=True)
class Question:
    """One of several values that a person is asked for.

    ``takes`` says what is expected; an empty answer keeps the ``default``, shown as text, or leaves an
    optional value out. ``problem`` says what is wrong with an answer, None if it will do. Paths are
    completed from ``folder``.
    """

    name: str
    about: str
    takes: str
    form: Form
    required: bool
    problem: Callable[[str], str | None]
    folder: Path
    choices: tuple[str, ...] = ()
    default: str | None = None


def answers(question: Question, stderr: TextIO) -> list[str]:
    """The answer; several for a list, none to leave it at that. Raises Interrupted as ``secret`` does."""
    match question.form:
        case "choice":
            found = _chosen(question, question.choices, stderr)
        case "boolean":
            found = _chosen(question, ("true", "false"), stderr)
        case "list":
            return _several(question, stderr)
        case _:
            found = _typed(question, stderr, empty_will_do=not question.required)
    return [found] if found else []


def _typed(question: Question, stderr: TextIO, *, empty_will_do: bool) -> str:
    import questionary
    from prompt_toolkit.completion import PathCompleter
    from prompt_toolkit.output import create_output

    def judged(text: str) -> bool | str:
        if not text:
            return empty_will_do or "this is required"
        return one_line(question.problem(text) or "") or True

    more: dict[str, Any] = {}
    if question.form == "path":
        more["completer"] = PathCompleter(get_paths=lambda: [str(question.folder)], expanduser=True)
    ask = questionary.password if question.form == "secret" else questionary.text
    output = create_output(stderr)
    return _answer(
        ask(
            _titled(question, output.get_size().columns),
            validate=judged,
            output=output,
            complete_while_typing=False,
            validate_while_typing=False,
            **more,
        )
    )


def _several(question: Question, stderr: TextIO) -> list[str]:
    """One after the other, to an empty answer."""
    found: list[str] = []
    while text := _typed(question, stderr, empty_will_do=bool(found) or not question.required):
        found.append(text)
    return found


def _chosen(question: Question, values: Sequence[str], stderr: TextIO) -> str:
    """One of the values by arrow keys, the default first in hand; an empty text leaves it out."""
    import questionary
    from prompt_toolkit.output import create_output

    choices = [questionary.Choice(one_line(each), each) for each in values]
    if not question.required and question.default not in values:
        choices.insert(0, questionary.Choice("(leave it out)", ""))
    output = create_output(stderr)
    prompt = questionary.select(
        _titled(question, output.get_size().columns, takes=False),
        choices,
        default=question.default if question.default in values else None,
        use_search_filter=len(values) > 10,
        use_jk_keys=False,
        instruction=_INSTRUCTION,
        output=output,
    )
    return _answer(left_by_ctrl_d(prompt))


def _titled(question: Question, columns: int, *, takes: bool = True) -> str:
    """The name and what it is for; what it takes, and what an empty answer means, in a second line."""
    about = f": {_cut(question.about)}" if question.about else ""
    means = _cut(question.default) if question.default is not None else "leaves it out"
    empty = "" if question.required else f"; Enter: {means}"
    told = f"\n{_wrapped(_cut(question.takes) + empty, columns)}\n " if takes else ""
    return f"{_wrapped(one_line(question.name) + about, columns).lstrip()}{told}"


def _wrapped(text: str, columns: int) -> str:
    """Broken between words, indented below the question mark, with room for the instruction behind."""
    width = max(columns - len(_INSTRUCTION) - 1, len(_INSTRUCTION))
    return textwrap.fill(
        text,
        width,
        initial_indent="  ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _cut(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _answer(prompt: Prompt) -> str:
    return str(asked(prompt))
