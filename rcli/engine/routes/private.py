"""For rcli alone, outside Replicate's API: folders of this machine, the engine's state, its end, its disk."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse

from rcli.engine.data import overriding
from rcli.engine.problems import InvalidField, invalid_request
from rcli.engine.routes import engine_of
from rcli.engine.runtime.memory import session_memory
from rcli.engine.web.bodies import read_json
from rcli.engine.web.objects import Json, timestamp, version_object
from rcli.engine.work.lanes import Lane

DRAIN_SECONDS = 10.0
PROJECT = {"path": str, "file": str, "overrides": dict, "to_run": bool}
"""What a request to take a folder may say."""


async def get_status(request: Request) -> JSONResponse:
    engine = engine_of(request)
    assert engine.state is not None
    alive = list(engine.jobs.alive())
    left = engine.idle.left()
    return JSONResponse(
        {
            "url": engine.state.url,
            "pid": engine.state.pid,
            "version": engine.state.version,
            "started_at": timestamp(engine.state.started_at),
            "running": sum(live.status == "processing" for live in alive),
            "queued": sum(live.status == "starting" for live in alive),
            "replicas": [_replica(lane) for lane in engine.jobs.lanes.values() if lane.state != "asleep"],
            "idle_seconds_left": None if left is None else round(left, 1),
        }
    )


async def create_project(request: Request) -> JSONResponse:
    body = await read_json(request, PROJECT, required=("path",))
    path, file = Path(body["path"]), body.get("file", "cog.yaml")
    if not path.is_absolute():
        raise invalid_request([InvalidField("format", "path", "must be an absolute path")])
    if "/" in file or file in ("", ".", ".."):
        raise invalid_request([InvalidField("format", "file", "must be the name of a file in the folder")])
    engine = engine_of(request)
    taken = await engine.registry.take(
        path, file, overriding.read(body.get("overrides", {})), to_run=body.get("to_run", True)
    )
    engine.store.commit()
    return JSONResponse(
        {
            "model": taken.version.model,
            "version": version_object(taken.version),
            "first_seen": taken.first_seen,
            "warnings": list(taken.warnings),
        },
        201,
    )


async def drain(request: Request) -> JSONResponse:
    """Answers with what still runs when the time has passed; then the engine goes on."""
    body = await read_json(request, {"timeout": (int, float)})
    engine = engine_of(request)
    ended = await engine.drain(min(max(body.get("timeout", DRAIN_SECONDS), 0), 3600))
    return JSONResponse({"running": [] if ended else [live.id for live in engine.jobs.alive()]})


async def stop(request: Request) -> JSONResponse:
    await read_json(request, {})
    engine_of(request).stop()
    return JSONResponse({}, 202)


async def list_cache(request: Request) -> JSONResponse:
    entries = await engine_of(request).caches.entries()
    return JSONResponse(
        {
            "entries": [
                {
                    "kind": entry.kind,
                    "id": entry.id,
                    "name": entry.name,
                    "size_bytes": entry.size,
                    "last_used": timestamp(entry.last_used),
                    "in_use": entry.in_use,
                }
                for entry in entries
            ]
        }
    )


async def prune_cache(request: Request) -> JSONResponse:
    body = await read_json(request, {"everything": bool})
    engine = engine_of(request)
    freed = await engine.caches.prune(everything=body.get("everything", False))
    engine.store.commit()
    return JSONResponse({"removed": freed.count, "freed_bytes": freed.size})


def _replica(lane: Lane) -> Json:
    pid = lane.running.replica.pid if lane.running is not None else None
    return {
        "model": lane.version.model,
        "version": lane.version.id,
        "pid": pid,
        "state": lane.state,
        "memory_bytes": session_memory(pid) if pid is not None else None,
        "last_used": timestamp(lane.last_used),
    }
