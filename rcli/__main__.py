"""The entry point: answers ``--version`` at once, and hears signals before anything heavy is imported."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # importing typing costs a fifth of what --version may take
if TYPE_CHECKING:
    from rcli.signals import Signals


def main() -> None:
    """Runs the command line of this process and exits with its code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        sys.exit(_tell_version())
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
    sys.exit(code)


def _run(signals: Signals) -> int:
    from rcli.app import App
    from rcli.cli.main import main as run

    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]  # a real stream
    app = App.of_this_process()
    app.signals = signals
    return run(sys.argv[1:], app)


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
    """A stream that the caller has closed: its number must not go to the next file that is opened."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 -- open as long as the process


if __name__ == "__main__":
    main()
