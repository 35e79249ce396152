"""Models and their versions, what they run on, and how they are found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from rcli.errors import NoAnswer
from rcli.records.fields import Json, mapping, text


@dataclass(frozen=True)
class Version:
    """One immutable version of a model; ``schema`` is its OpenAPI document, empty if the server sent none."""

    id: str
    created_at: str | None
    cog_version: str | None
    schema: Json = field(repr=False)
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        """Raises NoAnswer when this is no version."""
        return cls(
            id=text(raw, "id"),
            created_at=raw.get("created_at"),
            cog_version=raw.get("cog_version"),
            schema=mapping(raw, "openapi_schema"),
            raw=raw,
        )


@dataclass(frozen=True)
class Model:
    """A model; ``latest_version`` is None when nothing was published yet."""

    owner: str
    name: str
    description: str
    visibility: str
    run_count: int
    is_official: bool
    latest_version: Version | None
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        """Raises NoAnswer when this is no model."""
        latest = raw.get("latest_version") if isinstance(raw, dict) else None
        return cls(
            owner=text(raw, "owner"),
            name=text(raw, "name"),
            description=raw.get("description") or "",
            visibility=raw.get("visibility") or "",
            run_count=raw.get("run_count") or 0,
            is_official=bool(raw.get("is_official")),
            latest_version=Version.from_json(latest) if latest else None,
            raw=raw,
        )

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True)
class Collection:
    """Models that belong together; lists of collections tell no ``models``."""

    slug: str
    name: str
    description: str
    models: tuple[Model, ...]
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        """Raises NoAnswer when this is no collection."""
        slug = text(raw, "slug")
        models = raw.get("models") or ()
        return cls(
            slug=slug,
            name=raw.get("name") or slug,
            description=raw.get("description") or "",
            models=tuple(Model.from_json(each) for each in models if isinstance(each, dict)),
            raw=raw,
        )


@dataclass(frozen=True)
class Hardware:
    """What models run on: ``sku`` is what requests name."""

    sku: str
    name: str
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        """Raises NoAnswer when this is no hardware."""
        return cls(sku=text(raw, "sku"), name=raw.get("name") or "", raw=raw)


@dataclass(frozen=True)
class Found:
    """What a search over everything has found; ``pages`` are names and addresses."""

    models: tuple[Model, ...]
    collections: tuple[Collection, ...]
    pages: tuple[tuple[str, str], ...]
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        """Raises NoAnswer when this is no such answer."""
        if not isinstance(raw, dict) or not isinstance(raw.get("models"), list):
            raise NoAnswer("the server's answer is no result of a search")
        models = [each.get("model", each) for each in raw["models"] if isinstance(each, dict)]
        pages = [each for each in raw.get("pages") or () if isinstance(each, dict)]
        return cls(
            models=tuple(map(Model.from_json, models)),
            collections=tuple(map(Collection.from_json, raw.get("collections") or ())),
            pages=tuple((str(each.get("name") or ""), str(each.get("href") or "")) for each in pages),
            raw=raw,
        )
