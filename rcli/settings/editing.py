"""The config file in an editor: a draft is edited, and takes the file's place only when it is sound."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rcli.errors import RcliError, UsageError
from rcli.paths import Paths, replace_private, unwritable
from rcli.settings.files import read_text, read_toml, sole_writer
from rcli.settings.rules import check_user

_BEGINNING = "# The settings of rcli; rcli help settings tells what there is.\n"


@dataclass(frozen=True)
class Draft:
    """A copy of the config file beside it; ``before`` is what the file said then."""

    file: Path
    target: Path
    before: str

    def discard(self) -> None:
        self.file.unlink(missing_ok=True)


def draft(paths: Paths) -> Draft:
    """Writes the copy, with a first line where there is no config yet. Raises RcliError."""
    target = paths.config_file
    before = read_text(target)
    copy = target.with_name("config.edited.toml")
    if copy.exists():
        raise RcliError(
            f"somebody is editing already, or left {copy}", hint=f"see what is in it, then rm {copy}"
        )
    replace_private(copy, before or _BEGINNING)
    return Draft(copy, target, before)


def check(draft: Draft) -> None:
    """Raises UsageError, naming the line, for a draft that cannot be used."""
    check_user(read_toml(draft.file), draft.file)


def accept(paths: Paths, draft: Draft) -> bool:
    """Puts a sound draft in the file's place; False when nothing was changed.

    Raises RcliError, and leaves both, when somebody else has changed the file meanwhile.
    """
    text = read_text(draft.file)
    is_changed = text != (draft.before or _BEGINNING)
    if is_changed:
        with sole_writer(paths.config_file):
            if read_text(draft.target) != draft.before:
                raise UsageError(
                    f"{draft.target} was changed meanwhile; what you wrote is in {draft.file}",
                    hint=f"diff {draft.target} {draft.file}",
                )
            replace_private(draft.target, text)
    try:
        draft.discard()
    except OSError as exc:
        raise unwritable(draft.file, exc) from exc
    return is_changed
