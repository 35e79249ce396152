"""A Cog project: whether it is sound, what differs on this machine, and what a push to Replicate needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from rcli.api.engine import Engine
from rcli.errors import RcliError
from rcli.services.health import Finding, failed
from rcli.services.models.schema import input_fields
from rcli.services.projects import publish


def check(reach: Callable[[], Engine], folder: Path, file: str = "cog.yaml") -> Iterator[Finding]:
    """Reads the project as a registration does, and keeps nothing of it; ``reach`` may start the engine."""
    try:
        found = reach().check(folder, file, to_run=True)
    except RcliError as error:
        yield failed("project", error)
        return
    inputs = len(input_fields(found["openapi_schema"]))
    said = f"{file} is sound: {found['files']} files, {inputs} input{'' if inputs == 1 else 's'}"
    yield Finding("project", "good", said)
    yield from (Finding("project", "warning", warning) for warning in found.get("warnings", ()))


def pushing(environ: Mapping[str, str]) -> Iterator[Finding]:
    """What ``rcli push`` to Replicate needs beside the project."""
    needs: tuple[tuple[str, Callable[[Mapping[str, str]], object]], ...] = (
        ("docker", publish.check_docker),
        ("cog", publish.find_cog),
        ("cog login", publish.check_login),
    )
    for topic, look in needs:
        try:
            look(environ)
        except RcliError as error:
            yield Finding(topic, "note", f"for rcli push to Replicate: {error.message}", error.hint)
        else:
            yield Finding(topic, "good", "ready for rcli push to Replicate")
