"""Models: the bundled ones, those that were created here, and the folders that were run."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from rcli.engine.data.catalog import BUNDLED, EDITABLE, Model, Order
from rcli.engine.problems import InvalidField, Problem, conflict, forbidden, invalid_request, not_found
from rcli.engine.routes import engine_of, knows_aborted, links_of
from rcli.engine.web.bodies import parse, read_body, read_json
from rcli.engine.web.objects import Json, model_object, page_object, prediction_object
from rcli.engine.web.pages import PAGE, next_page, read_cursor, read_offset

QUERY_LIMIT = 64 << 10
"""Bytes of a search."""

README_LIMIT = 1 << 20
"""Bytes of a project's README.md that are shown."""

SKU = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9])?")
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?")
_URL = re.compile(
    r"https?://[A-Za-z0-9][A-Za-z0-9.-]{0,252}(?::\d{1,5})?"
    r"(?:[/?#](?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2}){0,2000})?(?:#[\w./-]{0,200})?",
    re.ASCII,
)

_REQUIRED = ("owner", "name", "visibility", "hardware")
_OPTIONAL = ("description", "github_url", "paper_url", "license_url", "cover_image_url")
_CREATE = dict.fromkeys([*_REQUIRED, *_OPTIONAL], str)
_UPDATE = dict.fromkeys(EDITABLE, str)


async def list_models(request: Request) -> JSONResponse:
    order, descending = _order(request)
    offset = read_offset(request)
    found = engine_of(request).catalog.models(order, descending=descending, limit=PAGE + 1, offset=offset)
    return _page(request, found, offset)


async def search_models(request: Request) -> JSONResponse:
    """Official clients write the words in three ways: as text, as text in quotes, as JSON.

    Here alone the document has no null for a description.
    """
    words = _searched(request, await read_body(request, QUERY_LIMIT))
    offset = read_offset(request)
    found = engine_of(request).search.models(words, limit=PAGE + 1, offset=offset)
    models = [replace(each.model, description=each.model.description or "") for each in found]
    return _page(request, models, offset)


async def create_model(request: Request) -> JSONResponse:
    body = await read_json(request, _CREATE, required=_REQUIRED)
    _check([*_wrong_names(body), *_wrong_urls(body)])
    owner, name = body["owner"], body["name"]
    _refuse_bundled(owner)
    engine = engine_of(request)
    if engine.catalog.model(owner, name) is not None:
        raise conflict(f"A model with the name {owner}/{name} exists already")
    given = {key: value or None for key, value in body.items()}
    model = Model(**({"description": None, "created_at": time.time()} | given))
    engine.catalog.create_model(model)
    engine.store.commit()
    return JSONResponse(shown_model(request, model), 201)


async def get_model(request: Request) -> JSONResponse:
    return JSONResponse(shown_model(request, find_model(request)))


async def update_model(request: Request) -> JSONResponse:
    body = await read_json(request, _UPDATE)
    model = find_own_model(request)
    _check(_wrong_urls(body))
    engine = engine_of(request)
    engine.catalog.update_model(model.owner, model.name, {key: value or None for key, value in body.items()})
    engine.store.commit()
    return await get_model(request)


async def delete_model(request: Request) -> Response:
    model = find_own_model(request)
    refuse_public(model)
    engine = engine_of(request)
    if engine.catalog.latest(model.owner, model.name) is not None:
        raise conflict(f"The model {model.full_name} has versions: delete them first")
    engine.catalog.delete_model(model.owner, model.name)
    engine.store.commit()
    return Response(status_code=204)


async def list_examples(request: Request) -> JSONResponse:
    """What the newest version made on this machine, as nobody can save examples here."""
    model = find_model(request)
    engine = engine_of(request)
    latest = engine.catalog.latest(model.owner, model.name)
    if latest is None:
        return JSONResponse(page_object([], None))
    cursor = read_cursor(request, (int,))
    found = engine.jobs.table.examples(
        model.full_name, latest.id, PAGE + 1, before=cursor[0] if cursor else None
    )
    page, links, known = found[:PAGE], links_of(request), knows_aborted(request)
    path = f"/models/{model.full_name}/examples"
    following = next_page(request, links.base, path, [page[-1].number]) if len(found) > PAGE else None
    return JSONResponse(
        page_object([prediction_object(row, links, knows_aborted=known) for row in page], following)
    )


async def get_readme(request: Request) -> PlainTextResponse:
    """What was written for the model here, else the README.md of its newest version."""
    model = find_model(request)
    text = model.readme or project_readme(request, model)
    if text is None:
        raise not_found(f"The model {model.full_name} has no README")
    return PlainTextResponse(text)


def project_readme(request: Request, model: Model) -> str | None:
    engine = engine_of(request)
    latest = engine.catalog.latest(model.owner, model.name)
    snapshot = engine.snapshots.get(latest.snapshot) if latest else None
    file = snapshot.path / "README.md" if snapshot else None
    if file is None or not file.is_file():
        return None
    with file.open("rb") as content:
        return content.read(README_LIMIT).decode(errors="replace")


def find_model(request: Request) -> Model:
    """The model that the address names. Raises Problem 404."""
    owner, name = request.path_params["owner"], request.path_params["name"]
    model = engine_of(request).catalog.model(owner, name)
    if model is None:
        raise not_found(f"This engine has no model {owner}/{name}")
    return model


def find_own_model(request: Request) -> Model:
    """The same, for those who want to change it. Raises Problem 404 and 403."""
    _refuse_bundled(request.path_params["owner"])
    return find_model(request)


def refuse_public(model: Model) -> None:
    """Raises Problem 403: as on Replicate, only what is private can be deleted."""
    if model.visibility == "public":
        raise forbidden(
            f"The model {model.full_name} is public; only private models and their versions can be deleted"
        )


def shown_model(request: Request, model: Model) -> Json:
    engine, links = engine_of(request), links_of(request)
    latest = engine.catalog.latest(model.owner, model.name)
    examples = engine.jobs.table.examples(model.full_name, latest.id, 1) if latest else []
    example = prediction_object(examples[0], links) if examples else None
    return model_object(model, latest, engine.jobs.table.count(model.full_name), links, example)


def invalid_sku(sku: str) -> list[InvalidField]:
    """Any name that Replicate's hardware could have: programs ask for GPUs of the cloud."""
    if SKU.fullmatch(sku):
        return []
    return [InvalidField("format", "hardware", "must be the sku of hardware, such as cpu")]


def invalid_name(field: str, name: str, allowed: re.Pattern[str] = _NAME) -> list[InvalidField]:
    if allowed.fullmatch(name):
        return []
    return [
        InvalidField(
            "format", field, "must be letters, digits, dots, dashes and underscores; names in lower case"
        )
    ]


def _page(request: Request, found: list[Model], offset: int) -> JSONResponse:
    """``found`` has one more than a page when there are more."""
    results = [shown_model(request, model) for model in found[:PAGE]]
    more = len(found) > PAGE
    following = next_page(request, links_of(request).base, "/models", [offset + PAGE]) if more else None
    return JSONResponse(page_object(results, following))


def _searched(request: Request, body: bytes) -> str:
    """Raises Problem 400 for what is no text."""
    try:
        text = body.decode()
    except UnicodeDecodeError as exc:
        raise Problem(400, "The body must be text in UTF-8") from exc
    is_json = request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
    if is_json or re.fullmatch(r'\s*".*"\s*', text, re.DOTALL):
        value = parse(body)
        if not isinstance(value, str):
            raise Problem(400, "The body must be the words to search for, as a text")
        return value
    return text


def _wrong_names(body: Json) -> list[InvalidField]:
    fields = [*invalid_name("owner", body["owner"], _OWNER), *invalid_name("name", body["name"])]
    if body["visibility"] not in ("public", "private"):
        fields.append(InvalidField("enum", "visibility", "must be public or private"))
    return [*fields, *invalid_sku(body["hardware"])]


def _wrong_urls(body: Json) -> list[InvalidField]:
    """An empty text means none."""
    return [
        InvalidField("format", key, "must be an address that begins with http:// or https://")
        for key, value in body.items()
        if key.endswith("_url") and value and not _URL.fullmatch(value)
    ]


def _check(fields: list[InvalidField]) -> None:
    if fields:
        raise invalid_request(fields)


def _refuse_bundled(owner: str) -> None:
    if owner == BUNDLED:
        raise forbidden(f"The models of {BUNDLED} come with rcli and cannot be changed")


def _order(request: Request) -> tuple[Order, bool]:
    by = request.query_params.get("sort_by", "latest_version_created_at")
    way = request.query_params.get("sort_direction", "desc")
    if by not in ("model_created_at", "latest_version_created_at"):
        raise _unknown_choice("sort_by", "model_created_at or latest_version_created_at")
    if way not in ("asc", "desc"):
        raise _unknown_choice("sort_direction", "asc or desc")
    order: Literal["model_created_at", "latest_version_created_at"] = (
        "model_created_at" if by == "model_created_at" else "latest_version_created_at"
    )
    return order, way == "desc"


def _unknown_choice(field: str, choices: str) -> Exception:
    return invalid_request([InvalidField("enum", field, f"must be {choices}")])
