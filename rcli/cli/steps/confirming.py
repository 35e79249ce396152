"""What is not done without a yes."""

from __future__ import annotations

from rcli.app import App
from rcli.errors import UsageError


def confirmed(app: App, question: str) -> bool:
    """Raises UsageError where nobody can be asked."""
    if not app.may_ask:
        raise UsageError("this wants to be confirmed", hint="--yes confirms it")
    from rcli.ui import prompts  # imports a whole terminal toolkit

    return prompts.confirm(question, app.stderr)
