"""Names that stay while the version behind them changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from rcli.records.fields import Json, mapping, text


@dataclass(frozen=True)
class Release:
    """What a deployment runs, and on how many instances; ``number`` counts up with each change."""

    number: int
    model: str
    version: str
    created_at: str | None
    hardware: str
    min_instances: int
    max_instances: int

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        """Raises NoAnswer when this is no release."""
        model, version = text(raw, "model"), text(raw, "version")
        configuration = mapping(raw, "configuration")
        return cls(
            number=raw.get("number") or 0,
            model=model,
            version=version,
            created_at=raw.get("created_at"),
            hardware=configuration.get("hardware") or "",
            min_instances=configuration.get("min_instances") or 0,
            max_instances=configuration.get("max_instances") or 0,
        )


@dataclass(frozen=True)
class Deployment:
    """A name that stays while the version behind it changes; ``release`` None: the server told none."""

    owner: str
    name: str
    release: Release | None
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        """Raises NoAnswer when this is no deployment."""
        release = raw.get("current_release") if isinstance(raw, dict) else None
        return cls(
            owner=text(raw, "owner"),
            name=text(raw, "name"),
            release=Release.from_json(release) if release else None,
            raw=raw,
        )

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"
