"""What a run changes in a project's build section: read from a request, kept in the database."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from rcli.errors import UsageError
from rcli.records import Overrides

PLAIN = Overrides()
"""A project as it is."""

BACKENDS = ("cpu", "auto")
REQUIREMENT = re.compile(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?\s*(?:\[[^\]\n]*\])?\s*(?:[<>=!~(;@][^\n]*)?")


def read(raw: Mapping[str, Any]) -> Overrides:
    """Raises UsageError for what is no override, or not one of ours."""
    if unknown := sorted(raw.keys() - {"with", "any_python", "torch_backend"}):
        raise UsageError(f"there is no override {unknown[0]!r}")
    packages, backend = raw.get("with", []), raw.get("torch_backend")
    if not isinstance(packages, list):
        raise UsageError("the override 'with' is a list of packages")
    for package in packages:
        if not isinstance(package, str) or not REQUIREMENT.fullmatch(package.strip()):
            raise UsageError(f"{package!r} is no package that can be installed", hint="--with 'numpy<2'")
    if backend not in (None, *BACKENDS):
        raise UsageError(f"{backend!r} is no build of PyTorch", hint="--torch-backend cpu")
    return Overrides(
        packages=tuple(sorted({package.strip() for package in packages})),
        any_python=raw.get("any_python") is True,
        torch_backend=backend,
    )


def dump(overrides: Overrides) -> str:
    """The same text for the same overrides; the versions' ids and the database rest on it."""
    return json.dumps(overrides.to_json(), sort_keys=True)


def load(text: str) -> Overrides:
    return read(json.loads(text))
