"""The program that would do what a command does, in the idiom of an official client.

No token is in it, nor the value of a secret input: both come from environment variables. Files are named,
and sent by the client's own means.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from rcli.errors import RcliError, UsageError
from rcli.records import Json, Terms
from rcli.services.models.catalog import Target
from rcli.services.models.schema import input_fields
from rcli.services.programs import curl, node, python
from rcli.services.programs.call import Call, Code, variable
from rcli.services.request import inputs
from rcli.services.request.inputs import Inputs
from rcli.services.request.sources import FileInput
from rcli.settings import Host

LANGUAGES = ("python", "node", "curl")


class _Writer(Protocol):
    """What a language's module has."""

    def file(self, found: FileInput, number: int) -> str: ...
    def secret(self, name: str) -> str: ...
    def program(self, call: Call) -> str: ...


_WRITERS: Mapping[str, _Writer] = {"python": python, "node": node, "curl": curl}


def check_language(name: str) -> str:
    """Raises UsageError for a language that there is no program in."""
    if name not in LANGUAGES:
        raise UsageError(f"--code takes {', '.join(LANGUAGES)}, not {name!r}", hint="--code python")
    return name


def write(
    language: str, host: Host, target: Target, built: Inputs, terms: Terms, *, streams: bool = False
) -> str:
    """The program's text, which ends with a line break; ``streams``: it prints a text as it comes.

    Raises UsageError for a file without a name that a program could open, and for what the client cannot ask.
    """
    writer = _WRITERS[check_language(language)]
    if terms.cancel_after is not None and language != "curl":
        raise UsageError(f"--timeout is nothing that the client for {language} can ask", hint="--code curl")
    for file in built.files:
        _check(file)
    secrets = {each.name for each in input_fields(target.document) if each.is_secret}
    files = tuple(each for each in built.files if each.at[0] not in secrets)
    stand_in = _numbered(writer, files)
    values: Json = inputs.placed(Inputs(built.values, files), stand_in)
    hidden: dict[str, Any] = {name: Code(writer.secret(variable(name))) for name in secrets & values.keys()}
    needed = tuple(variable(name) for name in values if name in secrets)
    return writer.program(Call(host, target, {**values, **hidden}, files, needed, terms, streams))


def check_place(file: Path) -> None:
    """Raises UsageError where nothing new can be written."""
    if file.exists() or file.is_symlink():
        raise UsageError(f"{file} is there already", hint="name another file with -o")
    if not file.parent.is_dir():
        raise UsageError(
            f"there is no folder {file.parent}", hint=f"mkdir -p {shlex.quote(str(file.parent))}"
        )


def keep(file: Path, text: str) -> None:
    """Writes a program that was not there before; one for a shell can be started. Raises RcliError."""
    mode = 0o777 if text.startswith("#!") else 0o666
    try:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as out:
            out.write(text)
    except OSError as exc:
        raise RcliError(f"cannot write {file}: {exc.strerror}") from exc


def _numbered(writer: _Writer, files: tuple[FileInput, ...]) -> Callable[[FileInput], str]:
    """What stands for each file, which may be one of several."""
    numbers = {file.at: number for number, file in enumerate(files, 1)}
    return lambda file: Code(writer.file(file, numbers[file.at]))


def _check(file: FileInput) -> None:
    name = file.at[0]
    if file.archive:
        raise UsageError(
            f"{name}: a program does not pack the folder {file.written[1:]}",
            hint=f"pack it first, and write {name}=@FILE.{file.archive}",
        )
    if file.path is None or file.data is not None:
        raise UsageError(
            f"{name}: {file.written} is there once, and no program can open it again",
            hint=f"save it first, and write {name}=@FILE",
        )
