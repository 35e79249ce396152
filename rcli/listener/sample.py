"""Predictions and trainings that nobody has made, in the shape in which the service tells of them."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from rcli.records import TERMINAL, Json
from rcli.webhooks import Kind

_VERSION = "5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa"
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id() -> str:
    """As the service makes them: 26 letters and digits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(26))


def prediction(now: datetime) -> Json:
    """One that has succeeded just now."""
    id = new_id()
    base = f"https://api.replicate.com/v1/predictions/{id}"
    return {
        "id": id,
        "model": "replicate/hello-world",
        "version": _VERSION,
        "input": {"text": "Alice"},
        "logs": "hello\n",
        "output": "hello Alice",
        "data_removed": False,
        "error": None,
        "source": "api",
        "status": "succeeded",
        "created_at": _text(now - timedelta(seconds=2)),
        "started_at": _text(now - timedelta(seconds=1)),
        "completed_at": _text(now),
        "urls": {"cancel": f"{base}/cancel", "get": base, "web": f"https://replicate.com/p/{id}"},
        "metrics": {"predict_time": 1.0, "total_time": 2.0},
    }


def training(now: datetime) -> Json:
    made = prediction(now)
    base = f"https://api.replicate.com/v1/trainings/{made['id']}"
    return made | {
        "model": "ada/trainer",
        "destination": "ada/trained",
        "input": {"input_images": "https://example.com/pictures.zip"},
        "output": {"version": f"ada/trained:{_VERSION}", "weights": "https://replicate.delivery/weights.tar"},
        "urls": {"cancel": f"{base}/cancel", "get": base},
    }


def renewed(found: Json, now: datetime) -> Json:
    """A copy of a prediction under an id of its own, as if it had been made just now."""
    id = new_id()
    times = {"created_at": 2, "started_at": 1, "completed_at": 0}
    urls = found.get("urls") or {}
    return found | {
        "id": id,
        "urls": {name: str(url).replace(str(found.get("id")), id) for name, url in urls.items()},
        **{name: _text(now - timedelta(seconds=ago)) for name, ago in times.items()},
    }


def ended(found: Json, status: str) -> Json:
    """The same with another end: what did not succeed has no output, and what failed has an error."""
    if status not in TERMINAL - {"succeeded"}:
        return found
    error = "E1000: Unknown error" if status == "failed" else None
    return found | {"status": status, "output": None, "error": error}


def as_told(whole: Json, kind: Kind) -> Json:
    """What an event of this kind tells of something that comes to this end."""
    if kind == "completed":
        return whole if whole.get("status") in TERMINAL else whole | {"status": "succeeded"}
    under_way: Json = {"status": "processing", "error": None, "completed_at": None, "metrics": {}}
    match kind:
        case "start":
            return whole | under_way | {"output": None, "logs": ""}
        case "logs":
            return whole | under_way | {"output": None, "logs": whole.get("logs") or "working\n"}
    return whole | under_way


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
