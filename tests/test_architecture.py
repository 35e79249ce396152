"""The direction of imports, read from the source: those inside functions count like all others."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import rcli

ROOT = Path(rcli.__file__).parent
CORE = {
    "errors",
    "settings",
    "credentials",
    "paths",
    "progress",
    "records",
    "references",
    "signals",
    "signing",
    "images",
    "ignored",
    "webhooks",
    "connections",
    "__init__",
}
MAY_IMPORT = {
    "core": {"core"},
    "app": {"api", "ui", "services.local", "core"},
    "cli": {"cli", "app", "services", "listener", "ui", "core"},
    "services": {"services", "api", "core"},
    "listener": {"listener", "api", "core"},
    "api": {"api", "core"},
    "ui": {"ui", "core"},
    "engine": {"engine", "core"},
    "models": set[str](),
    "templates": set[str](),
    "__main__": {"cli", "app", "core"},
}
ENGINE_FLOORS = ["data runtime schema problems", "work", "web", "engine life", "routes", "app", "__main__"]
"""The engine's own layers, from the ground up: each knows what lies below it, and its neighbours."""

HOMES = {
    "typer": {"cli"},
    "click": set[str](),
    "rich": {"ui"},
    "questionary": {"ui"},
    "prompt_toolkit": {"ui"},
    "httpx": {"api", "engine.runtime.outgoing"},
    "starlette": {"engine", "listener"},
    "uvicorn": {"engine", "listener", "connections"},
    "sqlite3": {"engine", "services.library", "services.completing", "listener.journal"},
    "jsonschema_rs": {"services", "engine"},
    "filelock": {"services.local", "engine", "settings", "listener"},
    "platformdirs": {"core"},
    "tomlkit": {"core"},
    "keyring": {"core"},
    "PIL": {"core"},
    "textual_image": {"ui"},
    "jq": {"ui", "services"},
    "watchfiles": {"services.projects.push"},
    "cog": {"models", "templates", "engine.runtime.shim"},
}


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield module
                if module == "rcli" or module.startswith("rcli."):
                    yield from (f"{module}.{alias.name}" for alias in names)


def dotted(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts)


def layer(name: str) -> str:
    first = name.split(".")[0]
    return "core" if first in CORE else first


def is_within(name: str, place: str) -> bool:
    return layer(name) == place or name == place or name.startswith(place + ".")


@pytest.mark.parametrize("file", modules(), ids=dotted)
def test_imports_point_down(file: Path) -> None:
    importer = dotted(file)
    allowed = MAY_IMPORT[layer(importer)]

    ours = {name.removeprefix("rcli.") for name in imports(file) if name.startswith("rcli.")}
    wrong = sorted(
        name
        for name in ours
        if (ROOT / name.split(".")[0]).exists() or (ROOT / f"{name.split('.')[0]}.py").exists()
        if not any(is_within(name, place) for place in allowed)
        if not any(place.startswith(name + ".") for place in allowed)
    )

    assert wrong == []


def floor(name: str) -> int:
    """Where a part of the engine stands, -1 for what is no part of it."""
    part = name.split(".")[1] if name.startswith("engine.") else ""
    return next((height for height, parts in enumerate(ENGINE_FLOORS) if part in parts.split()), -1)


@pytest.mark.parametrize("file", sorted((ROOT / "engine").rglob("*.py")), ids=dotted)
def test_the_engine_s_parts_know_only_what_lies_below_them(file: Path) -> None:
    importer = dotted(file)

    ours = {name.removeprefix("rcli.") for name in imports(file)}
    above = sorted(name for name in ours if floor(name) > floor(importer) and importer != "engine.__init__")

    assert above == []


@pytest.mark.parametrize("file", modules(), ids=dotted)
def test_a_library_stays_in_its_home(file: Path) -> None:
    importer = dotted(file)

    strayed = sorted(
        name
        for name in imports(file)
        if (homes := HOMES.get(name.split(".")[0])) is not None
        if not any(is_within(importer, home) for home in homes)
        if layer(importer) != "models"
    )

    assert strayed == []


def test_nobody_imports_the_private_parts_of_typer() -> None:
    private = [
        (dotted(file), name)
        for file in modules()
        for name in imports(file)
        if name.startswith("typer.") and name not in ("typer.core", "typer.main")
    ]

    assert private == []


def test_functions_stay_short() -> None:
    long = [
        f"{dotted(file)}.{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for file in modules()
        if layer(dotted(file)) != "models"  # there the signature alone lists every input with its bounds
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
        if node.end_lineno - node.lineno >= 50
    ]

    assert long == []
