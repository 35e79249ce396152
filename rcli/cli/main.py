"""From words to an exit code. The only place where errors become messages."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Sequence
from typing import cast

import typer

from rcli.app import App
from rcli.cli.root import build
from rcli.errors import ClosedPipe, Interrupted, RcliError, UsageError

# Typer keeps its copy of click private; its public error classes lead to the base of them all.
_ParsingError = cast(type[Exception], typer.BadParameter.__mro__[2])


def main(argv: Sequence[str], app: App) -> int:
    """Runs one command and returns its exit code; everything it says goes to the app's streams."""
    try:
        return _finished(_run(argv, app), app)
    except ClosedPipe as exc:
        _discard(app)
        return exc.exit_code
    except KeyboardInterrupt:
        return 130


def _run(argv: Sequence[str], app: App) -> int:
    try:
        return _dispatched(argv, app)
    except ClosedPipe:
        raise
    except Interrupted as exc:
        if exc.hint:
            app.screen.say(exc.hint)
        return exc.exit_code
    except RcliError as exc:
        app.screen.error(exc)
        return exc.exit_code
    finally:
        app.close()


def _dispatched(argv: Sequence[str], app: App) -> int:
    try:
        with contextlib.redirect_stdout(io.StringIO()) as printed:  # Typer prints help texts itself
            code = build().main(args=list(argv), prog_name="rcli", standalone_mode=False, obj=app)
    except _ParsingError as exc:
        raise _usage(exc) from exc
    if text := printed.getvalue():
        app.screen.line(text.rstrip("\n"))
    return code if isinstance(code, int) else 0


def _usage(error: Exception) -> UsageError:
    """A parser's complaint in our form, with the command whose help tells more."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "rcli"
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    message = message.strip().rstrip(".")
    return UsageError(message[:1].lower() + message[1:], hint=f"{command} --help")


def _finished(code: int, app: App) -> int:
    """Whether all of it arrived: a full disk behind ``>`` is an error too."""
    try:
        app.screen.finish()
    except ClosedPipe:
        raise
    except RcliError as exc:
        app.screen.error(exc)
        _discard(app)
        return code or exc.exit_code
    return code


def _discard(app: App) -> None:
    """What could not be written must not be tried again by the interpreter at its end."""
    if app.stdout is sys.stdout:
        os.dup2(os.open(os.devnull, os.O_WRONLY), app.stdout.fileno())
