"""Where shells look for what completes rcli's command line, and the scripts that they find there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import rcli
from rcli.errors import NotFound, RcliError

FILES = {"bash": "rcli.bash", "zsh": "_rcli", "fish": "rcli.fish", "powershell": "rcli.ps1"}


@dataclass(frozen=True)
class Installed:
    """``changed`` is the start-up file that got a line, None if it had it or needs none.

    ``before`` is what stood in the script's place: nothing, another version of it, or the same.
    """

    script: Path
    before: Literal["nothing", "other", "same"]
    changed: Path | None


def of_user(environ: Mapping[str, str]) -> str | None:
    """The shell that ``$SHELL`` names, None for one without a script of ours."""
    name = Path(environ.get("SHELL", "")).name
    return name if name in FILES else None


def script(shell: str) -> str:
    """What the shell reads. Raises NotFound when it did not come along."""
    package = Path(rcli.__file__).parent
    for folder in (package / "completions", package.parent / "completions"):  # as installed, as developed
        if (file := folder / FILES[shell]).is_file():
            return file.read_text(encoding="utf-8")
    raise NotFound(f"this rcli came without its completion for {shell}")


def install(shell: str, home: Path, environ: Mapping[str, str]) -> Installed:
    """Writes the script where the shell finds it. Raises RcliError for what cannot be written."""
    place, startup, line = _places(shell, home, environ)
    text = script(shell)
    try:
        before = _before(place, text)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        if startup:
            startup.parent.mkdir(parents=True, exist_ok=True)
        return Installed(place, before, startup if startup and _add(startup, line) else None)
    except OSError as exc:
        raise RcliError(
            f"cannot write {exc.filename}: {exc.strerror}", hint=f"rcli completion {shell} prints the script"
        ) from exc


def _before(place: Path, text: str) -> Literal["nothing", "other", "same"]:
    if not place.exists():
        return "nothing"
    return "same" if place.read_bytes() == text.encode() else "other"


def _places(shell: str, home: Path, environ: Mapping[str, str]) -> tuple[Path, Path | None, str]:
    """The script's place, the file that is read when the shell starts, and the line for it."""
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local/share")
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    place = data / "rcli" / FILES[shell]
    match shell:
        case "bash":
            return place, home / ".bashrc", f"source {_quoted(place)}"
        case "zsh":
            ready = "(( $+functions[compdef] )) || { autoload -U compinit && compinit }"
            line = f"{ready}; source {_quoted(place)}"
            return place, Path(environ.get("ZDOTDIR") or home) / ".zshrc", line
        case "fish":
            return config / "fish" / "completions" / FILES[shell], None, ""
    return place, config / "powershell" / "profile.ps1", ". '" + str(place).replace("'", "''") + "'"


def _add(file: Path, line: str) -> bool:
    """Whether it had to be added; what stands in the file stays."""
    there = file.read_text(encoding="utf-8", errors="surrogateescape") if file.exists() else ""
    if line in there.splitlines():
        return False
    with file.open("a", encoding="utf-8") as startup:
        startup.write(("" if not there or there.endswith("\n") else "\n") + line + "\n")
    return True


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "'\\''") + "'"
