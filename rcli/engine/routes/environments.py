"""For rcli alone: the environment of a folder's project, and variables for the processes of models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse

from rcli.engine.data import overriding
from rcli.engine.problems import InvalidField, invalid_request
from rcli.engine.routes import engine_of
from rcli.engine.web.bodies import read_json
from rcli.engine.web.objects import Json
from rcli.engine.web.progress import Progress
from rcli.engine.work.commanding import Bench


async def keep_variables(request: Request) -> JSONResponse:
    """Takes a set and answers with its id, which a later create names in the header ``rcli-variables``."""
    body = await read_json(request, {"variables": dict}, required=("variables",))
    return JSONResponse({"id": engine_of(request).variables.keep(body["variables"]).id}, 201)


async def prepare_environment(request: Request) -> Progress:
    """What is wrong with the project is an answer of its own; then the making is told as it goes on."""
    query = request.query_params
    folder = Path(query.get("path", ""))
    if not folder.is_absolute():
        raise invalid_request([InvalidField("format", "path", "must be an absolute path")])
    engine = engine_of(request)
    overrides = overriding.read(
        {
            "with": query.getlist("with"),
            "any_python": "any_python" in query,
            "torch_backend": query.get("torch_backend"),
        }
    )
    project = await engine.commanding.check(folder, query.get("file", "cog.yaml"), overrides)

    async def prepare(progress: Callable[[str], None]) -> Json:
        return _shown(await engine.commanding.prepare(project, overrides, progress))

    return Progress(prepare, engine.touch)


def _shown(bench: Bench) -> Json:
    return {
        "bin": str(bench.bin),
        "prefix": None if bench.prefix is None else str(bench.prefix),
        "variables": dict(bench.variables),
        "defaults": dict(bench.defaults),
        "hold": None if bench.hold is None else str(bench.hold),
    }
