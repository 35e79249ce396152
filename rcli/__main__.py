"""The entry point: answers ``--version`` at once, and hears signals before anything heavy is imported."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False  # importing typing costs a fifth of what --version may take
if TYPE_CHECKING:
    from typing import NoReturn

    from rcli.signals import Signals


def main() -> None:
    """Runs the command line of this process and exits with its code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        sys.exit(_tell_version())
    if sys.argv[1:2] == ["__complete"]:
        _leave(_complete())
    gc.set_threshold(50_000)  # while modules are loaded nothing becomes garbage: 20 ms less for a whole run
    _replace_closed_streams()
    from rcli.errors import Interrupted
    from rcli.signals import Signals

    signals = Signals()
    signals.install()
    try:
        code = _run(signals)
    except Interrupted as exc:  # while all the rest was being imported, or after all was said
        code = exc.exit_code
    signals.release()
    _leave(code)


def _run(signals: Signals) -> int:
    from rcli.app import App
    from rcli.cli.main import main as run

    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]  # a real stream
    app = App.of_this_process()
    app.signals = signals
    return run(sys.argv[1:], app)


def _leave(code: int) -> NoReturn:
    """Ends at once: Python would take its modules apart one by one, which costs a command 20 ms."""
    from contextlib import suppress

    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # who was to read it has gone, and was told so before
            stream.flush()
    os._exit(code)


def _complete() -> int:
    """For shells: they ask at each Tab, and wait."""
    from rcli.cli.complete import answer

    if len(sys.argv) < 5:
        return 2
    try:
        os.write(1, answer(sys.argv[2:], os.environ).encode("utf-8", "surrogateescape"))
    except OSError:
        return 1  # the shell has gone
    return 0


def _tell_version() -> int:
    from rcli import __version__

    try:
        os.write(1, f"rcli {__version__}\n".encode())
    except BrokenPipeError:
        return 141
    except OSError as exc:
        sys.exit(f"error: cannot write the output: {exc.strerror}")
    return 0


def _replace_closed_streams() -> None:
    """A stream that the caller has closed: its number must not go to the next file that is opened.

    What is written to stdout then is lost: the descriptor is one to read from, so that it is an error.
    """
    for name, mode, flags in (
        ("stdin", "r", os.O_RDONLY),
        ("stdout", "w", os.O_RDONLY),
        ("stderr", "w", os.O_WRONLY),
    ):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, flags)
            setattr(sys, name, open(number, mode))  # noqa: SIM115 -- open as long as the process


if __name__ == "__main__":
    main()
