"""What saved files are called: ``--name "{model}-{id}-{n}{ext}"``, filled in when the content is there."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from string import Formatter

from rcli.api.transfer import safe_name
from rcli.errors import UsageError
from rcli.records import Prediction

FIELDS: Mapping[str, str] = {
    "model": "owner and name of the model: stability-ai-sdxl",
    "owner": "the model's owner",
    "name": "the model's own name",
    "id": "the prediction's id",
    "n": "the number of the file, from 0; {n:03} fills it up with zeros",
    "ext": "the extension that the content has, with its dot: .png",
    "date": "the day on which the prediction was created: 2026-01-31",
    "stem": "the name that its address gives the file, without extension: out-0",
}

_WIDTH = re.compile(r"0?[1-9]?")
_HINT = '"{model}-{id}-{n}{ext}"; fields: ' + ", ".join(FIELDS)


@dataclass(frozen=True)
class Template:
    """A name with fields in braces."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Template:
        """Raises UsageError for an unknown field, and for what names no single file."""
        try:
            parts = list(Formatter().parse(text))
        except ValueError as exc:
            raise UsageError(f"--name {text!r}: {exc}", hint=f"--name {_HINT}") from exc
        for _, field, form, conversion in parts:
            if field is not None:
                _check(text, field, form or "", conversion)
        if re.search(r"[/\\]", text) or not text.strip():
            raise UsageError(
                f"--name takes the name of a file, not {text!r}", hint="--output-dir names the folder"
            )
        return cls(text)

    def of(self, prediction: Prediction, count: int) -> Names:
        """The names of a prediction's files, of which there are ``count``."""
        return Names(self.text, fields(prediction), count)


@dataclass(frozen=True)
class Names:
    """A template whose fields are known, but for those that each file has of its own."""

    text: str
    values: Mapping[str, str]
    count: int

    def name(self, number: int, stem: str, extension: str) -> str:
        """A safe name; no two of the prediction's files have the same."""
        own = {name: _harmless(value) for name, value in (*self.values.items(), ("stem", stem))}
        name = self.text.format(**own, n=number, ext=_harmless(extension)).replace(":", "_")
        if self._tells_apart or not number:
            return safe_name(name)
        root, suffix = os.path.splitext(name)
        return safe_name(f"{root}-{number}{suffix}")

    @property
    def _tells_apart(self) -> bool:
        used = {field for _, field, _, _ in Formatter().parse(self.text)}
        return self.count == 1 or not used.isdisjoint(("n", "stem"))


def fields(prediction: Prediction) -> dict[str, str]:
    """What all files of a prediction have in common. Every value was chosen by a server."""
    owner, _, name = prediction.model.rpartition("/")
    return {
        "model": prediction.model.replace("/", "-") or "model",
        "owner": owner or "owner",
        "name": name or "model",
        "id": prediction.id,
        "date": _day(prediction.created_at),
    }


def free(name: str, taken: set[str]) -> str:
    """The name, numbered if it is taken: macOS does not tell ``A.png`` from ``a.png``."""
    stem, suffix = os.path.splitext(name)
    number = 0
    while name.casefold() in taken:
        number += 1
        name = f"{stem}-{number}{suffix}"
    return name


def _check(text: str, field: str, form: str, conversion: str | None) -> None:
    if field not in FIELDS:
        raise UsageError(f"--name {text!r} has an unknown field {field!r}", hint=f"--name {_HINT}")
    if conversion or (form and not (field == "n" and _WIDTH.fullmatch(form))):
        raise UsageError(f"--name {text!r}: only n takes a width, such as {{n:03}}", hint=f"--name {_HINT}")


def _harmless(value: str) -> str:
    """A value that leads into no other folder."""
    return re.sub(r"[/\\]", "-", value)


def _day(created: str | None) -> str:
    try:
        return datetime.fromisoformat(created or "").date().isoformat()
    except ValueError:
        return datetime.now().astimezone().date().isoformat()
