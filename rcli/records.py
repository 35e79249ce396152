"""What the API talks about, as frozen values that keep the server's own JSON in ``raw``.

Field names, states and shapes are those of Replicate's API document. Keys that the server left out become
``None`` (or an empty text, list or dict); keys that nobody knows yet stay in ``raw``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Self, TypeVar

from rcli.errors import NoAnswer

Json = dict[str, Any]
T = TypeVar("T")

TERMINAL = frozenset({"succeeded", "failed", "canceled", "aborted"})
"""The states in which a prediction or training stays; ``aborted``: its deadline passed before it started."""


@dataclass(frozen=True)
class Prediction:
    """One run of a model. Times are ISO 8601 texts, metrics are seconds unless their name says otherwise."""

    id: str
    status: str
    model: str
    version: str | None
    input: Json
    output: Any
    error: str | None
    logs: str
    metrics: Json
    urls: Mapping[str, str]
    created_at: str | None
    started_at: str | None
    completed_at: str | None
    data_removed: bool
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        """Raises NoAnswer when this is no prediction."""
        return cls(
            id=_text(raw, "id"),
            status=_text(raw, "status"),
            model=raw.get("model") or "",
            version=raw.get("version"),
            input=_dict(raw, "input"),
            output=raw.get("output"),
            error=_error(raw.get("error")),
            logs=str(raw.get("logs") or ""),
            metrics=_dict(raw, "metrics"),
            urls={name: url for name, url in _dict(raw, "urls").items() if isinstance(url, str)},
            created_at=raw.get("created_at"),
            started_at=raw.get("started_at"),
            completed_at=raw.get("completed_at"),
            data_removed=bool(raw.get("data_removed")),
            raw=raw,
        )

    @property
    def is_done(self) -> bool:
        return self.status in TERMINAL


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
            id=_text(raw, "id"),
            created_at=raw.get("created_at"),
            cog_version=raw.get("cog_version"),
            schema=_dict(raw, "openapi_schema"),
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
            owner=_text(raw, "owner"),
            name=_text(raw, "name"),
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
class Account:
    """Whom a token belongs to; ``type`` is user or organization."""

    username: str
    type: str
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        """Raises NoAnswer when this is no account."""
        return cls(username=_text(raw, "username"), type=raw.get("type") or "user", raw=raw)


@dataclass(frozen=True)
class File:
    """An uploaded file; ``size`` in bytes, ``url`` is what a model input takes."""

    id: str
    size: int
    url: str
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        """Raises NoAnswer when this is no file."""
        urls = raw.get("urls") if isinstance(raw, dict) else None
        return cls(id=_text(raw, "id"), size=raw.get("size") or 0, url=_text(urls, "get"), raw=raw)


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
        model, version = _text(raw, "model"), _text(raw, "version")
        configuration = _dict(raw, "configuration")
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
            owner=_text(raw, "owner"),
            name=_text(raw, "name"),
            release=Release.from_json(release) if release else None,
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
        slug = _text(raw, "slug")
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
        return cls(sku=_text(raw, "sku"), name=raw.get("name") or "", raw=raw)


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
class Terms:
    """What a creation asks for beside its inputs; times in seconds.

    ``prefer_wait``: hold the answer back for the result; ``cancel_after``: how long it may take in all.
    """

    prefer_wait: int | None = None
    cancel_after: int | None = None
    webhook: str | None = field(default=None, repr=False)
    webhook_events: tuple[str, ...] = ()

    def headers(self) -> dict[str, str]:
        prefer = {} if self.prefer_wait is None else {"Prefer": f"wait={self.prefer_wait}"}
        return prefer | ({} if self.cancel_after is None else {"Cancel-After": str(self.cancel_after)})

    def body(self) -> Json:
        events = {"webhook_events_filter": list(self.webhook_events)} if self.webhook_events else {}
        return ({"webhook": self.webhook} if self.webhook else {}) | events


NO_TERMS = Terms()


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
            model=_text(raw, "model"),
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
            bin=_text(raw, "bin"),
            prefix=raw.get("prefix"),
            variables=_dict(raw, "variables"),
            defaults=_dict(raw, "defaults"),
            hold=raw.get("hold"),
        )


@dataclass(frozen=True)
class Cost:
    """What something has cost: ``amount`` in US dollars, None if it is unknown; ``is_least``: or more.

    ``basis`` says what it is made of or why it is unknown, ``hint`` which command would tell it.
    """

    amount: float | None
    basis: str = ""
    is_least: bool = False
    hint: str | None = None


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list; ``next`` is the address of the following one, None on the last."""

    results: tuple[T, ...]
    next: str | None
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Any, item: Callable[[Any], T]) -> Self:
        """Raises NoAnswer when this is no list. Some servers write the text "null" for no next page."""
        if not isinstance(raw, dict) or not isinstance(raw.get("results"), list):
            raise NoAnswer("the server's answer is no list as Replicate's API sends it")
        following = raw.get("next")
        return cls(
            results=tuple(item(row) for row in raw["results"]),
            next=following if following and following != "null" else None,
            raw=raw,
        )


@dataclass(frozen=True)
class Request:
    """What would be sent: ``headers`` are those that this request has and others have not."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Any = field(repr=False)


@dataclass(frozen=True)
class WebhookSecret:
    """The key of an account's webhooks: ``whsec_`` and base64."""

    key: str = field(repr=False)

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        """Raises NoAnswer when this is no key."""
        return cls(key=_text(raw, "key"))


@dataclass(frozen=True)
class ServerEvent:
    """One server-sent event; a comment has the name ``""`` and its text as data."""

    event: str
    data: str
    id: str | None = None


@dataclass(frozen=True)
class Phase:
    """What a prediction does now: queued, environment, setup or running on the engine, else its status."""

    name: str
    message: str = ""


@dataclass(frozen=True)
class Logs:
    """A piece of the model's log, in order, byte-exact."""

    text: str


@dataclass(frozen=True)
class Output:
    """A piece of the model's output: text that is to be joined, or one value of a list."""

    value: Any


@dataclass(frozen=True)
class Finished:
    """The prediction as the server keeps it in the end."""

    prediction: Prediction


PredictionEvent = Phase | Logs | Output | Finished


def _text(raw: Any, key: str) -> str:
    value = raw.get(key) if isinstance(raw, dict) else None
    if not isinstance(value, str) or not value:
        raise NoAnswer(
            f"the server's answer has no {key!r}: this is not Replicate's API",
            hint="check the host's address: rcli config list",
        )
    return value


def _dict(raw: Json, key: str) -> Json:
    value = raw.get(key)
    return value if isinstance(value, dict) else {}


def _error(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)
