"""The files in which settings stand: found, read, and changed without losing a comment."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any

from rcli.errors import RcliError, UsageError
from rcli.paths import Paths, make_private_folder, replace_private, unwritable

_TABLE = re.compile(r"\s*\[([^\[\]]+)\]")
_ASSIGNED = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""("[^"]*"|'[^']*')|([\w-]+)""")


def read_toml(file: Path) -> dict[str, Any]:
    """What a file says, nothing if there is none. Raises UsageError for one that cannot be read."""
    if not (text := read_text(file)):
        return {}
    import tomllib  # brings datetime and more: 3 ms

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        mend = f"$EDITOR {shlex.quote(str(file))}" if file.name == "rcli.toml" else "rcli config edit"
        raise UsageError(f"{file}: {exc}", hint=mend) from exc


def line_of(file: Path, *path: str) -> str:
    """Where a key stands, as ``FILE:LINE``; of a key that is nowhere by itself, the file alone."""
    table: list[str] = []
    for number, line in enumerate(read_text(file).splitlines(), start=1):
        if found := _TABLE.match(line):
            table = _parts(found[1])
            if table[: len(path)] == list(path):
                return f"{file}:{number}"
        elif (found := _ASSIGNED.match(line)) and [*table, *_parts(found[1])][: len(path)] == list(path):
            return f"{file}:{number}"
    return str(file)


def _parts(dotted: str) -> list[str]:
    return [bare or quoted[1:-1] for quoted, bare in _PART.findall(dotted)]


def nearest(cwd: Path, name: str) -> Path | None:
    """A project's file from here upwards, not above the repository, nor in somebody else's folder."""
    if not cwd.is_dir():
        return None
    for folder in (cwd, *takewhile(lambda parent: parent.stat().st_uid == cwd.stat().st_uid, cwd.parents)):
        if (file := folder / name).is_file():
            return file
        if (folder / ".git").exists():
            return None
    return None


def write(paths: Paths, dotted: tuple[str, ...], value: Any) -> None:
    """Sets one value in the user's config, or removes it with None; comments and order survive.

    Raises RcliError when the file cannot be written. The file is replaced whole, with mode 0600.
    """
    import tomlkit

    with sole_writer(paths.config_file):
        document = tomlkit.parse(read_text(paths.config_file))
        table: Any = document
        for part in dotted[:-1]:
            table = table.setdefault(part, tomlkit.table())
        if value is None:
            _remove(document, dotted)
        else:
            table[dotted[-1]] = value
        replace_private(paths.config_file, tomlkit.dumps(document))


@contextmanager
def sole_writer(file: Path) -> Iterator[None]:
    """Between reading and writing nobody else writes. Raises RcliError."""
    from filelock import FileLock, Timeout

    try:
        make_private_folder(file.parent)
        with FileLock(file.with_name(f".{file.name}.lock"), timeout=10, mode=0o600):
            yield
    except Timeout as exc:
        raise RcliError(f"another program has been writing {file} for 10 s") from exc
    except OSError as exc:
        raise unwritable(file, exc) from exc


def _remove(table: Any, dotted: tuple[str, ...]) -> None:
    """Takes out a value, and the tables that this leaves empty: a host without its url is an error."""
    first, *rest = dotted
    if rest:
        _remove(table[first], tuple(rest))
    if not rest or not table[first]:
        table.pop(first, None)


def read_text(file: Path) -> str:
    """Nothing if there is no such file. Raises UsageError for one that cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"cannot read {file}: {getattr(exc, 'strerror', None) or exc}") from exc
