"""Questions to a person at a terminal; they appear on stderr, since stdout may be a pipe."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from rcli.errors import Interrupted
from rcli.ui.clean import clean

if TYPE_CHECKING:
    from questionary import Question


def secret(question: str, stderr: TextIO) -> str:
    """What was typed, unseen. Raises Interrupted when the person leaves."""
    import questionary
    from prompt_toolkit.output import create_output

    return _answer(questionary.password(question, output=create_output(stderr)))


def text(question: str, stderr: TextIO) -> str:
    """What was typed, which is not empty. Raises Interrupted as ``secret`` does."""
    import questionary
    from prompt_toolkit.output import create_output

    return _answer(
        questionary.text(
            question,
            validate=lambda words: bool(words.strip()) or "type something",
            output=create_output(stderr),
            validate_while_typing=False,
        )
    )


def confirm(question: str, stderr: TextIO) -> bool:
    """Yes or no; the return key alone means no. Raises Interrupted as ``secret`` does.

    It waits for the return key: a letter may be a mistake, and the key after it is not for what follows.
    """
    import questionary
    from prompt_toolkit.output import create_output

    prompt = questionary.confirm(
        clean(question), default=False, auto_enter=False, output=create_output(stderr)
    )
    return asked(prompt) is True


def choose(question: str, choices: Sequence[str], stderr: TextIO) -> str:
    """One of the choices, by arrow keys or by typing a part of it. Raises Interrupted as ``secret`` does."""
    import questionary
    from prompt_toolkit.output import create_output

    shown = [questionary.Choice(clean(each), each) for each in choices]
    prompt = questionary.select(
        question,
        shown,
        use_search_filter=True,
        use_jk_keys=False,
        instruction="(arrow keys, or type)",
        output=create_output(stderr),
    )
    return _answer(left_by_ctrl_d(prompt))


def _answer(question: Question) -> str:
    return str(asked(question))


def left_by_ctrl_d(question: Question) -> Question:
    """A list, which Ctrl-D leaves as it leaves a question for a text."""
    from prompt_toolkit.key_binding import KeyBindings, merge_key_bindings

    ours = KeyBindings()
    ours.add("c-d", eager=True)(lambda event: event.app.exit(exception=EOFError))
    known = question.application.key_bindings
    question.application.key_bindings = merge_key_bindings([*([known] if known else []), ours])
    return question


def asked(question: Question) -> object:
    """What was answered. Raises Interrupted: Ctrl-C and Ctrl-D both leave."""
    try:
        answer = question.ask(kbi_msg="")
    except EOFError:
        answer = None
    if answer is None:
        raise Interrupted(signal.SIGINT)
    return answer
