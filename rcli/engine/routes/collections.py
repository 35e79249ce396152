"""The bundled models, grouped by what they are for."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse

from rcli.engine.data.catalog import BUNDLED, Model
from rcli.engine.data.collections import Collection, read_collections
from rcli.engine.problems import not_found
from rcli.engine.routes import engine_of
from rcli.engine.routes.models import shown_model
from rcli.engine.web.objects import collection_item, collection_object, page_object


async def list_collections(_: Request) -> JSONResponse:
    """All on one page: there are a handful."""
    return JSONResponse(page_object([collection_item(row) for row in read_collections()], None))


async def get_collection(request: Request) -> JSONResponse:
    slug = request.path_params["slug"]
    row = next((row for row in read_collections() if row.slug == slug), None)
    if row is None:
        raise not_found(f"This engine has no collection {slug}")
    return JSONResponse(
        collection_object(row, [shown_model(request, model) for model in collected(request, row)])
    )


def collected(request: Request, collection: Collection) -> list[Model]:
    """Its models, without any that this engine could not take."""
    catalog = engine_of(request).catalog
    return [model for name in collection.models if (model := catalog.model(BUNDLED, name))]
