"""Writes the completion scripts beside this file: ``python completions/generate.py``.

What is the same whatever the commands are is in ``templates``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rcli.cli.root import COMMANDS, TOPICS, build
from rcli.settings import KEYS, LOCAL, REPLICATE

FOLDER = Path(__file__).parent
TEMPLATES = FOLDER / "templates"

KINDS = {
    "FILE": "file",
    "FILE…": "file",
    "[FILE]": "file",
    "FOLDER": "folder",
    "KEY=VALUE": "input",
    "[MODEL] [KEY=VALUE]…": "words",
    "[BASE] [KEY=VALUE]…": "words",
    "ID|MODEL [KEY=VALUE]…": "words",
    "MODEL": "model",
    "[MODEL]": "model",
    "[MODEL]…": "model",
    "ID": "id",
    "ID…": "id",
    "[ID]": "id",
    "[ID]…": "id",
    "HOST": "host",
    "[ACCOUNT]": "account",
    "--host": "host",
    "--try": "input",
    "[FOLDER] [HOST:]OWNER/NAME": "folder",
    "[FOLDER]": "folder",
    "[PATH] [--] CMD…": "folder",
    "--file": "file",
}
"""What may follow, by the metavar of an argument or option, or by an option's name."""

ASKED = ("words", "model", "input", "id", "host", "account")
"""Kinds of which ``rcli __complete`` knows more than a script can."""

PATHS_OF_MODELS = ("words", "model")
"""Kinds that may be a folder too, which begins with a dot, a slash or a tilde."""

CHOICES = {
    "--host": (REPLICATE, LOCAL),
    "--progress": ("auto", "plain", "none"),
    "--torch-backend": ("cpu", "auto"),
    "KEY": tuple(key.name for key in KEYS),
    "HOST": (REPLICATE, LOCAL),
    "TOPIC": (*COMMANDS, *TOPICS),
    "SHELL": ("bash", "zsh", "fish", "powershell"),
    "ID": ("last",),
    "ID…": ("last",),
    "[ID]…": ("last",),
    "STATUS": ("starting", "processing", "succeeded", "failed", "canceled", "aborted"),
    "EVENTS": ("start", "output", "logs", "completed"),
}
"""The same for what is one of a few words."""


@dataclass(frozen=True)
class Option:
    """``kind`` is None for a flag, ``value`` for what cannot be completed, ``choices`` for a few words."""

    names: tuple[str, ...]
    about: str
    kind: str | None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Node:
    """One command: ``path`` is ``/predictions/list``, the root's is empty; ``commands`` are name and text."""

    path: str
    options: tuple[Option, ...]
    commands: tuple[tuple[str, str], ...]
    kind: str | None
    choices: tuple[str, ...] = ()


def tree() -> list[Node]:
    """Every command, the root first."""
    root: Any = build()
    root.commands = {name: root.get_command(None, name) for name in COMMANDS}
    return list(_nodes(root, ""))


def scripts() -> dict[str, str]:
    """File names and what belongs into them."""
    nodes = tree()
    return {
        "rcli.bash": bash(nodes),
        "_rcli": zsh(nodes),
        "rcli.fish": fish(nodes),
        "rcli.ps1": powershell(nodes),
    }


def _nodes(command: Any, path: str) -> Iterator[Node]:
    children = dict(getattr(command, "commands", {}))
    options = [_option(param) for param in command.params if param.param_type_name == "option"]
    options.append(Option(("--help", "-h"), "Show this message and exit.", None))
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    kind, choices = _follows(arguments[0].metavar) if arguments else (None, ())
    about = [(name, _about(child, path, name)) for name, child in children.items()]
    yield Node(path, tuple(options), tuple(about), kind, choices)
    for name, child in children.items():
        yield from _nodes(child, f"{path}/{name}")


def _about(command: Any, path: str, name: str) -> str:
    return COMMANDS[name][1] if not path else str(command.get_short_help_str(limit=100))


def _option(param: Any) -> Option:
    names = tuple(sorted(param.opts, key=len, reverse=True))
    if param.is_flag:
        return Option(names, param.help, None)
    kind, choices = _follows(names[0]) if names[0] in (*KINDS, *CHOICES) else _follows(param.metavar)
    return Option(names, param.help, kind, choices)


def _follows(what: str) -> tuple[str, tuple[str, ...]]:
    choices = CHOICES.get(what, ())
    return KINDS.get(what, "choices" if choices else "value"), choices


def _valued(nodes: list[Node]) -> dict[str, Option]:
    """The options that take a value, by name; where one has a meaning of its own, by command and name."""
    found: dict[str, Option] = {}
    own: dict[str, Option] = {}
    for node in nodes:
        for option in (option for option in node.options if option.kind):
            for name in option.names:
                same = found.setdefault(name, option)
                if (same.kind, same.choices) != (option.kind, option.choices):
                    own[f"{node.path} {name}"] = option
    return own | found


def _pattern(name: str) -> str:
    """What a shell compares with a command and the word before the one to complete."""
    return f'"{name}"' if name.startswith("/") else f'*" {name}"'


def _by_meaning(nodes: list[Node]) -> dict[tuple[str, tuple[str, ...]], list[str]]:
    grouped: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for name, option in _valued(nodes).items():
        grouped.setdefault((option.kind or "", option.choices), []).append(name)
    return grouped


def bash(nodes: list[Node]) -> str:
    values = []
    for (kind, choices), names in _by_meaning(nodes).items():
        set_choices = f' choices="{" ".join(choices)}"' if choices else ""
        values.append(f"        {' | '.join(map(_pattern, names))}) kind={kind}{set_choices} ;;")
    rows = []
    for node in nodes:
        words = " ".join([name for name, _ in node.commands] + list(node.choices))
        options = " ".join(name for option in node.options for name in option.names if name.startswith("--"))
        sets = f'kind={node.kind or "none"} choices="{words}" options="{options}"'
        rows.append(f'                "{node.path}") {sets} ;;')
    paths = " | ".join(node.path for node in nodes if node.path)
    return _filled(
        "rcli.bash", ASKED=" | ".join(ASKED), PATHS=paths, VALUES="\n".join(values), NODES="\n".join(rows)
    )


def zsh(nodes: list[Node]) -> str:
    values = []
    for (kind, choices), names in _by_meaning(nodes).items():
        set_choices = f" choices=({' '.join(choices)})" if choices else ""
        values.append(f"        {' | '.join(map(_pattern, names))}) kind={kind}{set_choices} ;;")
    rows = []
    for node in nodes:
        described = [_quoted(f"{name}:{about}") for name, about in node.commands]
        words = " ".join([*described, *node.choices])
        options = "\n".join(
            f"                        {_quoted(f'{name}:{option.about}')}"
            for option in node.options
            for name in option.names
        )
        rows.append(
            f'                "{node.path}")\n'
            f"                    kind={node.kind or 'none'} choices=({words})\n"
            f"                    options=(\n{options}\n                    )\n"
            "                    ;;"
        )
    paths = " | ".join(node.path for node in nodes if node.path)
    return _filled(
        "_rcli", ASKED=" | ".join(ASKED), PATHS=paths, VALUES="\n".join(values), NODES="\n".join(rows)
    )


def fish(nodes: list[Node]) -> str:
    follows = {
        "file": "-r -F",
        "folder": "-x -a '(__fish_complete_directories)'",
        "value": "-x",
    }
    arguments = {"folder": "'(__fish_complete_directories)'"}
    rows = []
    for node in nodes:
        at = f"complete -c rcli -n '__rcli_at \"{node.path}\"'"
        rows += [f"{at} -a {name} -d {_escaped(about)}" for name, about in node.commands]
        if words := _fish_words(node.kind, node.choices, node.path) or arguments.get(node.kind or ""):
            rows.append(f"{at} -a {words}")
        for option in node.options:
            names = " ".join(
                f"-l {name[2:]}" if name[1] == "-" else f"-s {name[1:]}" for name in option.names
            )
            words = _fish_words(option.kind, option.choices, node.path)
            value = f"-x -a {words}" if words else follows.get(option.kind or "")
            rows.append(" ".join(filter(None, (at, names, value, "-d", _escaped(option.about)))))
    paths = " ".join(node.path for node in nodes if node.path)
    return _filled("rcli.fish", PATHS=paths, ROWS="\n".join(rows))


def _fish_words(kind: str | None, choices: tuple[str, ...], path: str) -> str:
    """What ``complete -a`` takes; empty for what has a meaning of its own, or none."""
    found = list(choices)
    if kind in ASKED:
        found.append(f'(__rcli_ask {kind} "{path}")')
    if kind in (*PATHS_OF_MODELS, "input"):
        found.append("(__rcli_words)")
    return f"'{' '.join(found)}'" if found else ""


def powershell(nodes: list[Node]) -> str:
    rows = []
    for node in nodes:
        words = [name for name, _ in node.commands] + list(node.choices)
        words += [name for option in node.options for name in option.names]
        rows.append(f"        '{node.path}' = {_listed(words)}")
    values = [f"        '{name}' = {_listed(option.choices)}" for name, option in _valued(nodes).items()]
    kinds = [f"        '{node.path}' = '{node.kind}'" for node in nodes if node.kind in ASKED]
    kinds += [
        f"        '{name}' = '{option.kind}'"
        for name, option in _valued(nodes).items()
        if option.kind in ASKED
    ]
    parts = {"NODES": rows, "KINDS": _case_sensitive(kinds), "VALUES": _case_sensitive(values)}
    return _filled("rcli.ps1", **{name: "\n".join(part) for name, part in parts.items()})


def _case_sensitive(rows: list[str]) -> list[str]:
    """PowerShell's tables do not tell ``-V`` from ``-v``: the first of two stays."""
    kept: dict[str, str] = {}
    for row in rows:
        kept.setdefault(row.split("=")[0].lower(), row)
    return list(kept.values())


def _listed(words: list[str] | tuple[str, ...]) -> str:
    return "@(" + ", ".join(f"'{word}'" for word in words) + ")"


def _filled(name: str, **parts: str) -> str:
    """The script's template, with these parts in the places of ``@NAME@``."""
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    for place, part in parts.items():
        text = text.replace(f"@{place}@", part)
    return text


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _escaped(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


if __name__ == "__main__":
    for name, text in scripts().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
