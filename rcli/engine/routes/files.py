"""Uploaded files, and the contents of uploads and outputs."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from rcli.engine.data.files import File
from rcli.engine.problems import not_found
from rcli.engine.routes import engine_of, links_of
from rcli.engine.web.deliver import FileContent
from rcli.engine.web.objects import file_object, page_object
from rcli.engine.web.pages import PAGE, next_page, read_cursor
from rcli.engine.web.uploads import receive_upload


async def create_file(request: Request) -> JSONResponse:
    engine = engine_of(request)
    file = await receive_upload(request, engine.files)
    engine.store.commit()
    return JSONResponse(file_object(file, links_of(request)), 201)


async def list_files(request: Request) -> JSONResponse:
    cursor = read_cursor(request, (int,))
    found = engine_of(request).files.uploads(PAGE + 1, cursor[0] if cursor else None)
    page, links = found[:PAGE], links_of(request)
    following = next_page(request, links.base, "/files", [page[-1].number]) if len(found) > PAGE else None
    return JSONResponse(page_object([file_object(file, links) for file in page], following))


async def get_file(request: Request) -> JSONResponse:
    return JSONResponse(file_object(_find_upload(request), links_of(request)))


async def delete_file(request: Request) -> Response:
    engine = engine_of(request)
    engine.files.delete(_find_upload(request))
    engine.store.commit()
    return Response(status_code=204)


async def download_file(request: Request) -> FileContent:
    """Uploads, inputs and outputs alike; the guard has checked the token or the signature."""
    files = engine_of(request).files
    file = _find(request)
    return FileContent(file, files.content(file))


def _find(request: Request) -> File:
    file_id = request.path_params["file_id"]
    file = engine_of(request).files.get(file_id)
    if file is None:
        raise not_found(f"This engine has no file {file_id}, or it has expired")
    return file


def _find_upload(request: Request) -> File:
    file = _find(request)
    if file.kind != "upload":
        raise not_found(f"This engine has no uploaded file {file.id}")
    return file
