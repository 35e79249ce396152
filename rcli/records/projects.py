"""Folders that the engine runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from rcli.records.fields import Json, mapping, text
from rcli.records.models import Version


@dataclass(frozen=True)
class Overrides:
    """What a run changes in a project's build section without editing it.

    ``packages`` are requirements that replace or join the project's; ``any_python`` takes rcli's own
    interpreter whatever the project asks for; ``torch_backend`` is uv's ``cpu`` or ``auto``.
    """

    packages: tuple[str, ...] = ()
    any_python: bool = False
    torch_backend: str | None = None

    def to_json(self) -> Json:
        """Only what is set, and always the same for the same: engines name versions by it."""
        said: Json = {"with": sorted(set(self.packages))} if self.packages else {}
        said |= {"any_python": True} if self.any_python else {}
        return said | ({"torch_backend": self.torch_backend} if self.torch_backend else {})


@dataclass(frozen=True)
class Project:
    """A folder that the engine took a version of: ``first_seen`` when it never ran this folder before.

    ``change`` is new, restored (a version that the model had is its latest again) or unchanged. ``former``
    are the versions of a watch that could not be removed yet.
    """

    model: str
    version: Version
    first_seen: bool
    warnings: tuple[str, ...]
    change: str
    former: tuple[str, ...]

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        """Raises NoAnswer when this is no registered project."""
        return cls(
            model=text(raw, "model"),
            version=Version.from_json(raw.get("version")),
            first_seen=bool(raw.get("first_seen")),
            warnings=tuple(raw.get("warnings") or ()),
            change=raw.get("change") or "new",
            former=tuple(raw.get("former") or ()),
        )


@dataclass(frozen=True)
class Bench:
    """Where a command runs as a project's model would: ``bin`` goes first on PATH.

    ``prefix`` is the virtual environment, None for rcli's own interpreter, into which nothing should be
    installed. ``variables`` are the project's, ``defaults`` give way to the user's own. Whoever uses the
    environment locks the file ``hold``, if there is one.
    """

    bin: str
    prefix: str | None
    variables: Mapping[str, str]
    defaults: Mapping[str, str]
    hold: str | None

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        """Raises NoAnswer when this is no answer of the engine's."""
        return cls(
            bin=text(raw, "bin"),
            prefix=raw.get("prefix"),
            variables=mapping(raw, "variables"),
            defaults=mapping(raw, "defaults"),
            hold=raw.get("hold"),
        )
