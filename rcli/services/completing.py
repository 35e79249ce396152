"""What may be written next on a command line, from what this machine knows: answered while a key is pressed.

Only what the standard library imports in a few milliseconds is used here, and the library's file is read with
one query of its own: importing ``services.library`` would take longer than all of this. Nothing waits for the
network: what a model takes is known from the last time that somebody saw it (``services.seen``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from itertools import pairwise
from typing import Any
from urllib.parse import quote, unquote

from rcli.paths import Paths

Candidate = tuple[str, str]
"""A whole word that may stand there, and a few words about it."""

_MOST = 200
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


class Line:
    """The command's path such as ``/predictions/show``, the word to complete, and those before it."""

    def __init__(self, node: str, token: str, words: Sequence[str], cwd: str) -> None:
        self.node = node
        self.token = token
        self.words = list(words)[node.count("/") :]
        self.cwd = cwd

    def models(self) -> Iterator[str]:
        """What may be a model among the words; in a Cog project that is one without being named."""
        for word in self.words:
            if not word.startswith("-") and (
                word[:1] in (".", "~", "/") or ("/" in word and "=" not in word)
            ):
                yield word
        if os.path.isfile(os.path.join(self.cwd, "cog.yaml")):
            yield "."


def folder_of(paths: Paths) -> str:
    return str(paths.cache / "completion")


def file_of(paths: Paths, host: str, name: str) -> str:
    """Where it is kept what a model takes; ``name`` may be a folder's whole path."""
    return os.path.join(folder_of(paths), quote(host, safe=""), quote(name, safe="") + ".json")


def candidates(kind: str, line: Line, paths: Paths) -> Iterator[Candidate]:
    """All that begins with the word, each once."""
    told: set[str] = set()
    for word, about in _by_kind(kind, line, paths):
        if word.startswith(line.token) and word not in told:
            told.add(word)
            yield word, about
            if len(told) == _MOST:
                return


def unknown_model(kind: str, line: Line, paths: Paths) -> str | None:
    """The model whose inputs are wanted, when nobody has seen them yet."""
    wants_inputs = kind in ("input", "words") and line.node not in ("/predictions/rerun", "/deployments/run")
    if not wants_inputs or _model(line, paths):
        return None
    named = list(line.models())
    for previous, word in pairwise(["", *line.words]):
        if word in named and not previous.startswith("-"):  # else it may be a file, as behind -o
            return word
    return "." if "." in named else None


def _by_kind(kind: str, line: Line, paths: Paths) -> Iterator[Candidate]:
    match kind:
        case "id":
            yield from _ids(line, paths)
        case "host":
            yield from _hosts(paths)
        case "account":
            yield from _accounts(paths)
        case "input":
            yield from _inputs(line, paths)
        case "words" if "=" in line.token or next(line.models(), None):
            yield from _inputs(line, paths)
            if "." in line.models() and "=" not in line.token:
                yield from _models(line, paths)
        case "model" if line.node.startswith("/versions/") and (named := next(line.models(), None)):
            yield from _versions(named.partition(":")[0], "", paths)
        case "model" | "words" if "/" in line.token and ":" in line.token.partition("/")[2]:
            name = line.token.rpartition(":")[0]
            yield from _versions(name, name + ":", paths)
        case "model" | "words":
            yield from _models(line, paths)


def _models(line: Line, paths: Paths) -> Iterator[Candidate]:
    """What ran, the newest first; then what was seen; then what comes with rcli."""
    prefix, colon, _ = line.token.partition(":")
    hosts = (prefix,) if colon else _chosen_hosts(line)
    start = prefix + colon if colon else ""
    for model, host in _rows(
        paths, "SELECT model, host FROM runs GROUP BY model, host ORDER BY max(number) DESC"
    ):
        if "/" in model and not model.startswith("folder/") and (not hosts or host in hosts):
            yield start + model, f"ran on {host}"
    for host, name in _seen(paths):
        if not name.startswith("/") and (not hosts or host in hosts):
            yield start + name, host
    if not hosts or "local" in hosts:
        import rcli

        for entry in sorted(
            os.scandir(os.path.join(os.path.dirname(rcli.__file__), "models")), key=lambda e: e.name
        ):
            if os.path.isfile(os.path.join(entry.path, "cog.yaml")):
                yield f"{start}rcli/{entry.name}", "comes with rcli"


def _chosen_hosts(line: Line) -> tuple[str, ...]:
    """The one of ``--host``, if it was written."""
    for word, following in pairwise([*line.words, ""]):
        if word == "--host":
            return (following,)
        if word.startswith("--host="):
            return (word.removeprefix("--host="),)
    return ()


def _versions(name: str, start: str, paths: Paths) -> Iterator[Candidate]:
    host, colon, rest = name.partition(":")
    model = rest if colon else name
    query = (
        "SELECT version, max(created_at) FROM runs WHERE model = ? AND length(version) = 64 "
        "GROUP BY version ORDER BY max(number) DESC"
    )
    for version, created in _rows(paths, query, (model,)):
        yield start + version, f"ran {_age(created)}".strip()
    for each, seen in _seen(paths):
        if seen == model and (not colon or each == host):
            for version in _load(file_of(paths, each, seen)).get("versions", []):
                yield f"{start}{version}", "seen"


def _ids(line: Line, paths: Paths) -> Iterator[Candidate]:
    """Those of the kind that the command takes; the library, and what resends webhooks, take all."""
    noun = line.node.split("/")[1]
    kind = {"predictions": "prediction", "trainings": "training"}.get(noun, "%")
    query = "SELECT id, model, status, created_at FROM runs WHERE kind LIKE ? ORDER BY number DESC LIMIT 100"
    for id, model, status, created in _rows(paths, query, (kind,)):
        yield id, ", ".join(filter(None, (model, _age(created), status)))


def _inputs(line: Line, paths: Paths) -> Iterator[Candidate]:
    """``name=`` for each input that is not there yet; behind the sign what it may be."""
    known = _model(line, paths)
    component = "training" if line.node == "/train" else "inputs"
    fields = known.get(component, []) if known else []
    name, equals, _ = line.token.partition("=")
    given = {word.partition("=")[0] for word in line.words if "=" in word}
    for field in fields:
        if equals and field["name"] == name:
            for value in field["values"]:
                yield f"{name}={value}", ""
        elif not equals and (field["name"] not in given or field["several"]):
            yield field["name"] + "=", field["about"]


def _model(line: Line, paths: Paths) -> dict[str, Any]:
    """What was seen of the model of a command line; of a prediction that is run again it is that one's."""
    names = list(line.models())
    if line.node == "/predictions/rerun":
        names = _of_prediction(line, paths)
    for name in names:
        if name[:1] in (".", "~", "/"):
            name = os.path.realpath(os.path.join(line.cwd, os.path.expanduser(name)))
        host, colon, rest = name.partition(":")
        is_prefix = bool(colon) and "/" not in host and not name.startswith("/")
        model = (rest if is_prefix else name).removeprefix("r8.im/")
        model = model if model.startswith("/") else model.partition(":")[0]
        hosts = [host] if is_prefix else [each for each, seen in _seen(paths) if seen == model]
        for each in hosts:
            found = _load(file_of(paths, each, model))
            if found.get("inputs") or found.get("training"):
                return found
    return {}


def _of_prediction(line: Line, paths: Paths) -> list[str]:
    id = next((word for word in line.words if not word.startswith("-") and "=" not in word), "")
    condition = "1" if id == "last" else "substr(id, 1, length(?1)) = ?1 AND ?1 <> ''"
    query = f"SELECT model FROM runs WHERE kind = 'prediction' AND ({condition}) ORDER BY number DESC LIMIT 1"
    return [row[0] for row in _rows(paths, query, () if id == "last" else (id,))]


def _hosts(paths: Paths) -> Iterator[Candidate]:
    for name, table in _table(paths, "hosts"):
        yield name, str(table.get("url", "")) if isinstance(table, dict) else ""


def _accounts(paths: Paths) -> Iterator[Candidate]:
    for url, tokens in _table(paths, "tokens"):
        for account in tokens if isinstance(tokens, dict) else ():
            yield account, url


def _table(paths: Paths, name: str) -> list[tuple[str, Any]]:
    """A table of the user's settings, nothing where it cannot be used: that is said elsewhere."""
    import tomllib

    with suppress(OSError, ValueError), open(paths.config_file, "rb") as file:
        found = tomllib.load(file).get(name)
        return list(found.items()) if isinstance(found, dict) else []
    return []


def _seen(paths: Paths) -> list[tuple[str, str]]:
    """Hosts and names of all models that somebody saw."""
    folder = folder_of(paths)
    found = []
    with suppress(OSError):
        for host in sorted(os.listdir(folder)):
            names = sorted(os.listdir(os.path.join(folder, host)))
            found += [(unquote(host), unquote(name[:-5])) for name in names if name.endswith(".json")]
    return found


def _load(file: str) -> dict[str, Any]:
    with suppress(OSError, ValueError), open(file, encoding="utf-8") as opened:
        found = json.load(opened)
        return found if isinstance(found, dict) else {}
    return {}


def _rows(paths: Paths, query: str, values: tuple[str, ...] = ()) -> list[Any]:
    """What the library says; nothing where it cannot be read."""
    if not paths.library.is_file():
        return []
    import sqlite3

    try:
        with closing(
            sqlite3.connect(f"file:{quote(str(paths.library))}?mode=ro", uri=True, timeout=0.05)
        ) as db:
            return db.execute(query, values).fetchall()
    except sqlite3.Error:
        return []


def _age(created: str | None) -> str:
    from datetime import UTC, datetime

    try:
        passed = (datetime.now(UTC) - datetime.fromisoformat(created or "")).total_seconds()
    except (ValueError, TypeError):
        return ""
    seconds, unit = next((each for each in _UNITS if passed >= each[0]), (1, "s"))
    return f"{max(0, int(passed // seconds))} {unit} ago"
