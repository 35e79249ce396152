"""A project's requirements file as one text for uv, wherever the project lies.

Included files come in place, local archives with their whole path. Local things that Cog refuses (folders,
editable installs, archives with options) are refused here too, with file and line.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DEEPEST = 8
SUFFIX = r"\.(?:whl|zip|tar\.gz|tgz|tar\.bz2|tar\.xz)"
ARCHIVE = re.compile(rf"[^#;@:]+{SUFFIX}")
DRESSED_ARCHIVE = re.compile(rf"(?:\./|\.\./|/)?[^#;@:=<>]+{SUFFIX}\s*(?:\[|;|--|@).*")
OPTION = re.compile(r"(-[rce])\s*(.+)|(--?[a-z][a-z-]*)(?:[ =]\s*(.+))?")
DIRECT = re.compile(r"[\w.-]+\s*(?:\[[^\]]*\])?\s*@\s*(?:file:.*|(?!\s|\w[\w+.-]*://).+)")
FOLDER = re.compile(r"[./].*|[\w.-]+/[\w./-]*")
COMMENT = re.compile(r"(?:^|\s)#.*")
BUILD_IT = "build it first: pip wheel --no-deps -w dist FOLDER"
WHEEL = "make a wheel of it (pip wheel --no-deps -w dist FOLDER) and write its path instead"


class RequirementsError(Exception):
    """A line that cannot be carried out: ``message`` names file and line."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


@dataclass(frozen=True)
class Requirements:
    """``files`` are all that were read, ``archives`` what they name of the project; both are whole paths."""

    text: str
    constraints: str
    files: tuple[Path, ...]
    archives: tuple[Path, ...]


def read_requirements(folder: Path, name: str) -> Requirements:
    """Raises RequirementsError, and OSError or UnicodeDecodeError for what cannot be read."""
    reading = _Reading(folder.resolve())
    text = reading.lines((folder / name).resolve())
    return Requirements(
        text="\n".join(text) + "\n",
        constraints="".join(f"{line}\n" for line in reading.constraints),
        files=tuple(reading.files),
        archives=tuple(reading.archives),
    )


def identity(text: str, archives: tuple[str, ...]) -> str:
    """The text with the SHA-256 of each archive in place of its path: what the environment depends on."""
    for archive in archives:
        path = Path(archive)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        text = text.replace(archive, f"{digest} {path.name}")
    return text


class _Reading:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.constraints: list[str] = []
        self.files: list[Path] = []
        self.archives: list[Path] = []

    def lines(self, file: Path, depth: int = 0) -> list[str]:
        """The lines of one file with what it includes."""
        if not file.is_relative_to(self._folder) or depth > DEEPEST:
            raise RequirementsError(f"{file.name} lies outside the project, or includes itself")
        self.files.append(file)
        found: list[str] = []
        for number, line in _joined(file.read_text(encoding="utf-8-sig")):
            try:
                found.extend(self._line(file, COMMENT.sub("", line).strip(), depth))
            except RequirementsError as error:
                if error.message.startswith("line "):
                    raise
                raise RequirementsError(
                    f"line {number} of {file.relative_to(self._folder)}: {error.message}", error.hint
                ) from None
        return found

    def _line(self, file: Path, line: str, depth: int) -> Iterator[str]:
        name, value = _option(line)
        match name:
            case "-r" | "--requirement":
                yield from self.lines((file.parent / value).resolve(), depth + 1)
            case "-c" | "--constraint":
                self.constraints.extend(self.lines((file.parent / value).resolve(), depth + 1))
            case "-e" | "--editable":
                raise RequirementsError(f"{line!r}: nothing is installed as editable", WHEEL)
            case "":
                yield self._requirement(file, line)
            case _:
                yield line

    def _requirement(self, file: Path, line: str) -> str:
        if ARCHIVE.fullmatch(line):
            return str(self._archive(file, line))
        if DRESSED_ARCHIVE.fullmatch(line):
            raise RequirementsError(f"{line!r}: a local archive stands alone on its line")
        if DIRECT.fullmatch(line) or FOLDER.fullmatch(line):
            raise RequirementsError(f"{line!r} is a local folder or reference", WHEEL)
        return line

    def _archive(self, file: Path, line: str) -> Path:
        archive = (file.parent / line).resolve()
        if not archive.is_relative_to(self._folder):
            raise RequirementsError(f"{line} lies outside the project")
        if not archive.is_file():
            raise RequirementsError(f"there is no {line}", BUILD_IT)
        self.archives.append(archive)
        return archive


def _option(line: str) -> tuple[str, str]:
    """``-r more.txt``, ``-rmore.txt`` and ``--requirement=more.txt`` as name and value."""
    found = OPTION.fullmatch(line)
    if found is None:
        return "", ""
    return (found[1] or found[3]), (found[2] or found[4] or "").strip()


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; a backslash at the end joins the next one."""
    kept, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first or number
        if line.endswith("\\"):
            kept += line[:-1] + " "
        else:
            yield first, kept + line
            kept, first = "", 0
    if kept:
        yield first, kept
