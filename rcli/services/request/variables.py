"""Variables for a model's process as ``-e`` writes them: ``NAME=value``, or ``NAME`` for the caller's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

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


def without_values(written: Iterable[str]) -> tuple[str, ...]:
    """What may be stored of them: ``NAME`` for the caller's own, ``NAME=`` where a value was written."""
    return tuple({_named(text): "".join(text.partition("=")[:2]) for text in written}.values())


def again(former: Iterable[str], written: Iterable[str], environ: Mapping[str, str]) -> Again:
    """The variables of a prediction that had ``former``, changed by ``written``."""
    own = {_named(text) for text in written}
    rest = [text for text in former if _named(text) not in own]
    passed = tuple(text for text in rest if text in environ)
    return Again(passed, tuple(_named(text) for text in rest if text not in environ))


@dataclass(frozen=True)
class Again:
    """Names of variables that a prediction had: ``passed`` are the caller's own once more, ``missing`` have
    values that are stored nowhere.
    """

    passed: tuple[str, ...]
    missing: tuple[str, ...]


def refuse(missing: Iterable[str]) -> None:
    """Raises UsageError for values that nobody can be asked for."""
    if names := list(missing):
        raise UsageError(
            f"{', '.join(names)}: the values of -e are stored nowhere, and have to be given again",
            hint=" ".join(f"-e {name}=…" for name in names),
        )


def given(api: Replicate, target: Target, written: Iterable[str], variables: Mapping[str, str]) -> Target:
    """The same target with variables for its process, which the engine on this machine keeps in memory.

    ``variables`` are what ``written`` says. Raises UsageError for a deployment, whose process serves others
    too.
    """
    if not variables:
        return target
    if target.kind == "deployment":
        raise UsageError("-e is for a model, and a deployment's process serves others too")
    kept = Engine(api.client).keep_variables(variables)
    return replace(target, variables=kept, told_variables=without_values(written))


def _named(text: str) -> str:
    return text.partition("=")[0]
