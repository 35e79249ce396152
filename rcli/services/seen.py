"""What models take, kept from the last time that rcli saw them, so that shells can complete it at once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from rcli.errors import RcliError
from rcli.paths import Paths, replace_private
from rcli.records import Json, Model
from rcli.services.completing import file_of
from rcli.services.models import schema
from rcli.services.models.schema import Field
from rcli.services.request import words

_MOST_VERSIONS = 20
_LONGEST_NAME = 80


def keep(paths: Paths, host: str, name: str, document: Any, version: str | None = None) -> None:
    """Keeps a model's inputs, and the version; a disk that refuses is not told: nothing depends on it."""
    if len(name) > _LONGEST_NAME or not name:  # as a file's name it may be three times as long
        return
    file = Path(file_of(paths, host, name))
    before = _load(file)
    versions = [version, *before.get("versions", [])] if version else before.get("versions", [])
    now = {
        "inputs": _told(document, "Input") or before.get("inputs", []),
        "training": _told(document, "TrainingInput") or before.get("training", []),
        "versions": list(dict.fromkeys(versions))[:_MOST_VERSIONS],
    }
    if now != before:
        with suppress(RcliError):
            replace_private(file, json.dumps(now, ensure_ascii=False))


def keep_models(paths: Paths, host: str, models: Iterable[Model]) -> None:
    """Keeps what a list of models tells of each."""
    for model in models:
        latest = model.latest_version
        keep(paths, host, model.full_name, latest.schema if latest else {}, latest.id if latest else None)


def _load(file: Path) -> Json:
    with suppress(OSError, ValueError):
        found = json.loads(file.read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    return {}


def _told(document: Any, component: str) -> list[Json]:
    return [_input(field) for field in schema.input_fields(document, component) if not field.deprecated]


def _input(field: Field) -> Json:
    inner = field.item if field.kind == "list" and field.item else field
    about = ", ".join(filter(None, (words.wanted(field), _default(field))))
    return {
        "name": field.name,
        "about": " ".join(about.split())[:100],
        "values": _values(inner),
        "several": field.kind == "list",
    }


def _values(field: Field) -> list[str]:
    """What may stand behind the sign, where that is one of a few words or begins in one way."""
    if field.choices:
        return [each if isinstance(each, str) else json.dumps(each) for each in field.choices]
    if field.is_secret:
        return []
    return {"boolean": ["true", "false"], "file": ["@"]}.get(field.kind, [])


def _default(field: Field) -> str:
    if field.required or not field.has_default or field.default is None or field.is_secret:
        return "required" if field.required and not field.has_default else ""
    return f"default {json.dumps(field.default, ensure_ascii=False)}"
