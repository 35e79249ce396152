"""The entry point: answers ``--version`` at once, and hears signals before anything heavy is imported."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line of this process and exits with its code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from rcli import __version__

        sys.stdout.write(f"rcli {__version__}\n")
        return
    from rcli.signals import Signals

    signals = Signals()
    signals.install()
    from rcli.app import App
    from rcli.cli.main import main as run

    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]  # a real stream
    app = App.of_this_process()
    app.signals = signals
    sys.exit(run(sys.argv[1:], app))


if __name__ == "__main__":
    main()
