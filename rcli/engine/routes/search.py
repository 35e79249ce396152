"""One search over models, collections and pages."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse

from rcli.engine.data.catalog import BUNDLED, Model
from rcli.engine.data.collections import Collection, read_collections
from rcli.engine.data.search import Found, contains, words_of
from rcli.engine.routes import engine_of, links_of
from rcli.engine.routes.collections import collected
from rcli.engine.routes.models import project_readme, shown_model
from rcli.engine.web.objects import Json, collection_item

USUAL, MOST = 20, 50


async def search(request: Request) -> JSONResponse:
    """Pages are the READMEs of the models that were found, as this engine has no other documents."""
    query = request.query_params.get("query", "")
    limit = _limit(request.query_params.get("limit"))
    if not query.strip():
        return _refused('Query parameter "query" is required')
    if limit is None:
        return _refused(f'Query parameter "limit" must be a whole number from 1 to {MOST}')
    found = engine_of(request).search.models(query, limit=limit)
    return JSONResponse(
        {
            "query": query,
            "models": [_found(request, each) for each in found],
            "collections": [_collection(request, row) for row in _collections(query)[:limit]],
            "pages": [page for each in found if (page := _page(request, each.model))],
        }
    )


def _limit(text: str | None) -> int | None:
    if text is None:
        return USUAL
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    return number if 1 <= number <= MOST else None


def _refused(detail: str) -> JSONResponse:
    """The API document gives this one refusal as plain JSON."""
    return JSONResponse({"detail": detail}, 400)


def _found(request: Request, found: Found) -> Json:
    metadata = {"generated_description": None, "tags": _tags(found.model), "score": found.score}
    return {"model": shown_model(request, found.model), "metadata": metadata}


def _tags(model: Model) -> list[str]:
    """The collections that it is in."""
    bundled = model.owner == BUNDLED
    return [row.slug for row in read_collections() if bundled and model.name in row.models]


def _collections(query: str) -> list[Collection]:
    words = words_of(query)
    return [row for row in read_collections() if contains(words, f"{row.slug} {row.name} {row.description}")]


def _collection(request: Request, row: Collection) -> Json:
    return collection_item(row) | {"models": [model.full_name for model in collected(request, row)]}


def _page(request: Request, model: Model) -> Json | None:
    if not (model.readme or project_readme(request, model)):
        return None
    href = links_of(request).readme(model.owner, model.name)
    return {"name": f"README of {model.full_name}", "href": href}
