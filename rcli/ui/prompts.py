"""Questions to a person at a terminal; they appear on stderr, since stdout may be a pipe."""

from __future__ import annotations

import signal
from typing import TextIO

from rcli.errors import Interrupted


def secret(question: str, stderr: TextIO) -> str:
    """What was typed, unseen. Raises Interrupted when the person leaves."""
    import questionary
    from prompt_toolkit.output import create_output

    answer = questionary.password(question, output=create_output(stderr)).ask(kbi_msg="")
    if answer is None:
        raise Interrupted(signal.SIGINT)
    return str(answer)
