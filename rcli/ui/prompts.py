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


def choose(question: str, choices: Sequence[str], stderr: TextIO) -> str:
    """One of the choices, by arrow keys or by typing a part of it. Raises Interrupted as ``secret`` does."""
    import questionary
    from prompt_toolkit.output import create_output

    shown = [questionary.Choice(clean(each), each) for each in choices]
    return _answer(
        questionary.select(
            question,
            shown,
            use_search_filter=True,
            use_jk_keys=False,
            instruction="(arrow keys, or type)",
            output=create_output(stderr),
        )
    )


def _answer(question: Question) -> str:
    """Ctrl-C and Ctrl-D both leave."""
    try:
        answer = question.ask(kbi_msg="")
    except EOFError:
        answer = None
    if answer is None:
        raise Interrupted(signal.SIGINT)
    return str(answer)
