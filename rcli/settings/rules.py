"""What the user's file may say, and what a project's: that one comes with a cloned repository."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rcli.errors import UsageError
from rcli.settings.files import line_of
from rcli.settings.hosts import base_url, check_host_name
from rcli.settings.keys import KEYS, Key, known_key
from rcli.settings.values import check_value


def check_user(table: Mapping[str, Any], file: Path) -> None:
    """Raises UsageError, naming file and line, for what is no setting, or not of its type."""
    for name, value in table.items():
        match name:
            case "hosts":
                _check_hosts(value, file)
            case "tokens":
                if not isinstance(value, dict) or not all(map(_is_token, value.values())):
                    raise UsageError(
                        f"{line_of(file, name)}: [tokens] maps base URLs to texts, or to one for each account"
                    )
            case "accounts":
                if not isinstance(value, dict) or not all(isinstance(name, str) for name in value.values()):
                    raise UsageError(f"{line_of(file, name)}: [accounts] maps base URLs to names of accounts")
            case "engine" | "price" | "prices" if isinstance(value, dict):
                for inner, setting in value.items():
                    _check(f"{name}.{inner}", setting, file, (name, inner))
            case _:
                _check(name, value, file, (name,))


def _is_token(value: Any) -> bool:
    tokens = list(value.values()) if isinstance(value, dict) else [value]
    return bool(tokens) and all(isinstance(token, str) and token for token in tokens)


def _check_hosts(hosts: Any, file: Path) -> None:
    if not isinstance(hosts, dict):
        raise UsageError(f"{line_of(file, 'hosts')}: hosts are written as [hosts.NAME] with url = …")
    for name, table in hosts.items():
        where = line_of(file, "hosts", name)
        if not isinstance(table, dict) or set(table) != {"url"} or not isinstance(table["url"], str):
            raise UsageError(f"{where}: [hosts.{name}] has one key, url")
        check_host_name(name, f"{where}: ")
        base_url(table["url"], f"{line_of(file, 'hosts', name, 'url')}: ")


def check_project(table: Mapping[str, Any], file: Path) -> None:
    """A cloned repository's file may choose among what the user has, and nothing more. Raises UsageError."""
    for name, value in table.items():
        match name, value:
            case "host", str():
                pass
            case "output_dir", str():
                if not (file.parent / value).resolve().is_relative_to(file.parent.resolve()):
                    raise UsageError(f"{line_of(file, name)}: output_dir leaves the project: {value}")
            case "inputs", dict():
                _check_values(
                    name, value, "inputs of {} has the wrong type", file, lambda each: isinstance(each, dict)
                )
            case "versions", dict():
                _check_values(
                    name, value, "{} is pinned to something that is no version id", file, _is_version
                )
            case "host" | "output_dir" | "inputs" | "versions", _:
                raise UsageError(f"{line_of(file, name)}: {name} has the wrong type")
            case _:
                raise UsageError(
                    f"{line_of(file, name)}: a project's file cannot set {name!r}", hint="rcli config set"
                )


def _check_values(
    section: str, table: Mapping[str, Any], wrong: str, file: Path, fits: Callable[[Any], bool]
) -> None:
    for name, value in table.items():
        if not fits(value):
            raise UsageError(f"{line_of(file, section, name)}: {wrong.format(name)}")


def _is_version(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch("[0-9a-f]{64}", value))


def _check(name: str, value: Any, file: Path, path: tuple[str, ...]) -> None:
    key = known_key(name)
    if key and _fits(key, value):  # a line is looked for only when there is something to say of it
        return
    where = line_of(file, *path)
    if key:
        check_value(key, value, where)
        return
    from difflib import get_close_matches

    near = get_close_matches(name, [each.name for each in KEYS], n=1)
    hint = f"did you mean {near[0]}?" if near else "rcli help settings"
    raise UsageError(f"{where}: unknown setting {name!r}", hint=hint)


def _fits(key: Key, value: Any) -> bool:
    try:
        check_value(key, value, "")
    except UsageError:
        return False
    return True
