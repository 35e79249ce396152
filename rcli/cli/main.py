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
    except Interrupted as exc:
        return exc.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return 130
    finally:
        _discard_rest(app)


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
        if help_page := _help_page(exc):
            app.screen.line(help_page)
            return UsageError.exit_code
        raise _usage(exc) from exc
    if text := printed.getvalue():
        app.screen.line(text.rstrip("\n"))
    return code if isinstance(code, int) else 0


def _help_page(error: Exception) -> str | None:
    """The help of a command that was called without the words that it needs, as ``rcli predictions`` is."""
    page = error.format_message() if hasattr(error, "format_message") else ""
    return str(page) if page.startswith("Usage: ") else None


def _usage(error: Exception) -> UsageError:
    """A parser's complaint in our form, with the command whose help tells more."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "rcli"
    if name := getattr(error, "option_name", None) if hasattr(error, "possibilities") else None:
        return UsageError(f"{command} has no option {name}", hint=_nearest(name, error))
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    message = message.strip().rstrip(".")
    return UsageError(message[:1].lower() + message[1:], hint=f"{command} --help")


def _nearest(option: str, error: Exception) -> str:
    """The option that was meant: the parser's guesses take the dashes for likeness."""
    from difflib import get_close_matches

    from rcli.cli.habits import instead_of_option

    guesses = {guess.lstrip("-"): guess for guess in getattr(error, "possibilities", None) or ()}
    near = get_close_matches(option.lstrip("-"), guesses, n=1, cutoff=0.7)
    if near:
        return f"did you mean {guesses[near[0]]}?"
    context = getattr(error, "ctx", None)
    takes_inputs = any("--input" in param.opts for param in context.command.params) if context else False
    return instead_of_option(context.command_path if context else "rcli", option, takes_inputs=takes_inputs)


def _finished(code: int, app: App) -> int:
    """Whether all of it arrived: a full disk behind ``>`` is an error too."""
    try:
        app.screen.finish()
    except ClosedPipe:
        raise
    except RcliError as exc:
        if not code:  # else this, or something worse, was told already
            app.screen.error(exc)
        return code or exc.exit_code
    return code


def _discard_rest(app: App) -> None:
    """What could not be written must not be tried again by the interpreter at its end."""
    for stream in (app.stdout, app.stderr):
        try:
            stream.flush()
        except OSError:
            if stream in (sys.stdout, sys.stderr):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
