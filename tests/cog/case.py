"""The cases of tests/cog/projects: a Cog project each, and in its case.toml what a user does and sees.

    behaviour = "A greeting is printed without a line break of ours"

    [[steps]]
    rcli = ["run", ".", "-i", "text=bob"]
    stdout = "hello bob"

    [[steps]]
    post = { text = "bob" }
    output = "hello bob"

The keys of a step are the fields of RcliStep and PostStep; a key that is neither fails the test. In what is
given and compared, ``{cwd}`` is the project's copy, ``{home}`` rcli's home, ``{engine}`` the engine's address
and ``{server}`` a web server that serves the copy.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

PROJECTS = Path(__file__).parent / "projects"


@dataclass(frozen=True)
class RcliStep:
    """A command, run in the copy of the project; what is left out is not compared."""

    rcli: list[str]
    stdin: str = ""
    env: dict[str, str] = field(default_factory=dict)
    write: dict[str, str] = field(default_factory=dict)
    """Files written before the step, with their text."""
    make: dict[str, int] = field(default_factory=dict)
    """Files made before the step, with their size in bytes: ``0123456789abcdef`` over and over."""
    exit: int = 0
    stdout: str | None = None
    stdout_lines: list[str] | None = None
    stdout_has: list[str] = field(default_factory=list)
    stdout_lacks: list[str] = field(default_factory=list)
    stderr: str | None = None
    stderr_has: list[str] = field(default_factory=list)
    stderr_lacks: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    """Files that are there afterwards, below the copy, with their whole text."""
    files_sha256: dict[str, str] = field(default_factory=dict)
    files_size: dict[str, int] = field(default_factory=dict)
    json: dict[str, Any] | list[Any] | None = None
    """What stdout has, read as JSON: objects may have more keys, everything else is exact."""


@dataclass(frozen=True)
class PostStep:
    """A prediction through HTTP: the copy is registered, the prediction created and awaited."""

    post: dict[str, Any] | str
    """The input; as a text it is JSON, which has the null that TOML lacks."""
    wait: bool = False
    """Ask with ``Prefer: wait`` instead of polling."""
    write: dict[str, str] = field(default_factory=dict)
    make: dict[str, int] = field(default_factory=dict)
    http_status: int | None = None
    """Of the answer to the create, or to the registration where that is refused; 201 or 202 if left out."""
    problem_has: list[str] = field(default_factory=list)
    status: str = "succeeded"
    output: Any = None
    """The whole output; addresses of files stand there as ``file:<name>``."""
    output_json: str | None = None
    """The same, written as JSON."""
    output_files: dict[str, str] = field(default_factory=dict)
    output_size: dict[str, int] = field(default_factory=dict)
    error_has: list[str] = field(default_factory=list)
    logs_has: list[str] = field(default_factory=list)
    logs_lacks: list[str] = field(default_factory=list)
    logs_lines: int | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    json: dict[str, Any] | None = None
    """What the prediction, or the problem, has."""
    stream: list[str] | None = None
    """The data of the stream's output events."""


@dataclass(frozen=True)
class Case:
    """One behaviour, and the steps that show it."""

    folder: Path
    behaviour: str
    steps: tuple[RcliStep | PostStep, ...]


def folders() -> list[Path]:
    return sorted(path.parent for path in PROJECTS.glob("*/case.toml"))


def read(folder: Path) -> Case:
    """Raises ValueError for what is no case: an unknown key, a wrong type, no step."""
    told = tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
    if told.keys() != {"behaviour", "steps"} or not told["steps"]:
        raise ValueError(f"{folder.name}: a case has a behaviour and steps, not {sorted(told)}")
    if not isinstance(told["behaviour"], str) or not told["behaviour"].strip():
        raise ValueError(f"{folder.name}: the behaviour is a sentence")
    return Case(folder, told["behaviour"], tuple(_step(folder.name, step) for step in told["steps"]))


def _step(name: str, told: dict[str, Any]) -> RcliStep | PostStep:
    kind: type[RcliStep | PostStep] = PostStep if "post" in told else RcliStep
    known = {each.name for each in fields(kind)}
    if unknown := sorted(told.keys() - known):
        raise ValueError(f"{name}: a {kind.__name__} has no {', '.join(unknown)}")
    for key, hint in get_type_hints(kind).items():
        if key in told and not _suits(told[key], hint):
            raise ValueError(f"{name}: {key} = {told[key]!r} is no {hint}")
    return kind(**told)


def _suits(value: object, hint: Any) -> bool:
    if hint is Any:
        return True
    if isinstance(hint, UnionType):
        return any(_suits(value, option) for option in get_args(hint))
    match get_origin(hint):
        case None:
            return type(value) is hint
        case origin if not isinstance(value, origin):
            return False
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(_suits(item, get_args(hint)[-1]) for item in items)
