"""Variables for a model's process as ``-e`` writes them: ``NAME=value``, or ``NAME`` for the caller's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from rcli.api.endpoints import Replicate
from rcli.api.engine import Engine
from rcli.errors import UsageError
from rcli.services.models.catalog import Target

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def parse(written: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """The last one of a name counts. Raises UsageError, which never repeats a value."""
    return dict(_pair(text, environ) for text in written)


def _pair(text: str, environ: Mapping[str, str]) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not _NAME.fullmatch(name):
        raise UsageError("-e takes NAME=value, or NAME for a variable of yours", hint="-e GREETING=hello")
    if equals:
        return name, value
    if name not in environ:
        raise UsageError(f"the variable {name} is not set here", hint=f"-e {name}=value")
    return name, environ[name]


def given(api: Replicate, target: Target, variables: Mapping[str, str]) -> Target:
    """The same target with variables for its process, which the engine on this machine keeps in memory.

    Raises UsageError for a deployment, whose process serves others too.
    """
    if not variables:
        return target
    if target.kind == "deployment":
        raise UsageError("-e is for a model, and a deployment's process serves others too")
    return replace(target, variables=Engine(api.client).keep_variables(variables))
