"""What shells ask while Tab is pressed: ``rcli __complete KIND NODE =TOKEN WORD…``.

The sign is before the token because PowerShell before 7.3 hands over no empty words.

The command tree is not imported, and nothing that goes wrong is told: the shell's line must stay as it is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from rcli.paths import Paths
from rcli.services.completing import Line, candidates, file_of, unknown_model

_ASK_AGAIN_SECONDS = 60


def answer(argv: Sequence[str], environ: Mapping[str, str]) -> str:
    """A line for each word that may stand there: the word, a tab, a few words about it."""
    kind, node, token, *words = argv
    try:
        line = Line(node, token.removeprefix("="), words, os.getcwd())
    except OSError:  # the folder is gone
        return ""
    paths = Paths.from_environ(environ)
    found = [f"{_plain(word)}\t{_plain(about)}\n" for word, about in candidates(kind, line, paths)]
    if (model := unknown_model(kind, line, paths)) and not found:
        _ask(model, paths)
    return "".join(found)


def _ask(model: str, paths: Paths) -> None:
    """Has another process ask what the model takes, for the next time that Tab is pressed."""
    import subprocess
    import time

    mark = file_of(paths, "asked", model).removesuffix(".json")
    try:
        if time.time() - os.stat(mark).st_mtime < _ASK_AGAIN_SECONDS:
            return
    except OSError:
        pass  # nobody asked yet
    try:
        os.makedirs(os.path.dirname(mark), mode=0o700, exist_ok=True)
        with open(mark, "w", encoding="utf-8"):
            os.utime(mark)
        command = [sys.executable, "-m", "rcli", "models", "schema", model, "--json", "--no-input"]
        nothing = subprocess.DEVNULL
        subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)
    except OSError:
        return  # then the next time


def _plain(text: str) -> str:
    """One line without control characters: names come from servers."""
    return "".join(each if each.isprintable() else " " for each in text)
