"""For rcli alone, outside Replicate's API: folders of this machine, the engine's state, its end, its disk."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse

from rcli.engine.data import overriding
from rcli.engine.data.catalog import BUNDLED, FOLDER
from rcli.engine.problems import InvalidField, Problem, invalid_request
from rcli.engine.routes import engine_of
from rcli.engine.runtime import machine
from rcli.engine.runtime.memory import process_memory, session_memory
from rcli.engine.web.bodies import read_json
from rcli.engine.web.objects import Json, timestamp, version_object
from rcli.engine.work.caches import KEPT_SECONDS, Entry, Wish
from rcli.engine.work.instances import Instance
from rcli.engine.work.lanes import Lane
from rcli.engine.work.registry import Destination, Registered

DRAIN_SECONDS = 10.0
PLACE = {"path": str, "file": str}
"""What names a project on this machine: an absolute path, and its file if that is not cog.yaml."""

PROJECT = PLACE | {"overrides": dict, "to_run": bool}
"""What a request to take a folder may say."""

PUSH = PLACE | {"model": str, "former": list}
"""What a request to push one may say; ``former`` are the versions that the same watch has made before."""

PRUNE: dict[str, type | tuple[type, ...]] = {
    "everything": bool,
    "older_than": (int, float),
    "dry_run": bool,
    "uv": bool,
}

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?/[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9])?")
NAMING = "owner/name, of letters, digits, dots, dashes and underscores; the name in lower case"
RESERVED = {
    BUNDLED: "The models of rcli/… come with rcli and cannot be changed",
    FOLDER: "folder/… are the folders that were run here: choose another owner",
}


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
            "replicas": [
                _replica(lane, instance)
                for lane in engine.jobs.lanes.values()
                for instance in lane.instances
                if instance.state != "leaving"
            ],
            "queues": [_queue(lane) for lane in engine.jobs.lanes.values() if lane.waiting],
            "memory": {
                "engine_bytes": process_memory(engine.state.pid),
                "available_bytes": machine.available_memory(),
            },
            "disk": {"files_bytes": engine.files.size(), "free_bytes": shutil.disk_usage(engine.folder).free},
            "idle_seconds_left": None if left is None else round(left, 1),
        }
    )


async def create_project(request: Request) -> JSONResponse:
    body = await read_json(request, PROJECT, required=("path",))
    path, file = _folder(body)
    engine = engine_of(request)
    taken = await engine.registry.take(
        path, file, overriding.read(body.get("overrides", {})), to_run=body.get("to_run", True)
    )
    engine.store.commit()
    return JSONResponse(_registered(taken), 201)


async def check_project(request: Request) -> JSONResponse:
    body = await read_json(request, PLACE | {"to_run": bool}, required=("path",))
    path, file = _folder(body)
    checked = await engine_of(request).registry.check(path, file, to_run=body.get("to_run", False))
    return JSONResponse(
        {
            "files": checked.survey.files,
            "size_bytes": checked.survey.size,
            "image": checked.image,
            "openapi_schema": checked.document,
            "warnings": list(checked.warnings),
        }
    )


async def push_project(request: Request) -> JSONResponse:
    """Answers 201 for a version that the model did not have, else 200."""
    body = await read_json(request, PUSH, required=("path", "model"))
    path, file = _folder(body)
    owner, name = _destination(body["model"])
    former = [each for each in body.get("former", []) if isinstance(each, str)]
    engine = engine_of(request)
    pushed = await engine.registry.push(path, file, Destination(owner, name, watched="former" in body))
    left = await engine.caches.replace(owner, name, (each for each in former if each != pushed.version.id))
    engine.store.commit()
    return JSONResponse(_registered(pushed) | {"former": left}, 201 if pushed.change == "new" else 200)


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
    return JSONResponse({"entries": [_cached(entry) for entry in entries]})


async def prune_cache(request: Request) -> JSONResponse:
    """Without ``older_than`` (seconds) and ``everything``, predictions keep their data."""
    body = await read_json(request, PRUNE)
    everything, age = body.get("everything", False), body.get("older_than")
    engine = engine_of(request)
    wish = Wish(
        before=time.time() - (0 if everything else KEPT_SECONDS if age is None else max(age, 0)),
        past=everything or age is not None,
        bundled=everything,
        dry_run=body.get("dry_run", False),
        uv=body.get("uv", False),
    )
    freed = await engine.caches.prune(wish)
    engine.store.commit()
    return JSONResponse(
        {
            "removed": len(freed.entries),
            "freed_bytes": freed.size,
            "predictions": freed.predictions,
            "entries": [_cached(entry) for entry in freed.entries],
            "uv": freed.uv,
        }
    )


def _cached(entry: Entry) -> Json:
    return {
        "kind": entry.kind,
        "id": entry.id,
        "name": entry.name,
        "size_bytes": entry.size,
        "last_used": timestamp(entry.last_used),
        "in_use": entry.in_use,
        "bundled": entry.bundled,
    }


def _folder(body: Json) -> tuple[Path, str]:
    """The project that a request names. Raises Problem 422."""
    path, file = Path(body["path"]), body.get("file", "cog.yaml")
    if not path.is_absolute():
        raise invalid_request([InvalidField("format", "path", "must be an absolute path")])
    if "/" in file or file in ("", ".", ".."):
        raise invalid_request([InvalidField("format", "file", "must be the name of a file in the folder")])
    return path, file


def _destination(model: str) -> tuple[str, str]:
    """Owner and name of a model that may be written. Raises Problem 403, and 400 for what is no name."""
    owner, _, name = model.partition("/")
    if owner in RESERVED:
        raise Problem(403, RESERVED[owner], title="Forbidden")
    if not NAME.fullmatch(model):
        raise Problem(400, f"{model!r} cannot be a model's name: {NAMING}")
    return owner, name


def _registered(taken: Registered) -> Json:
    return {
        "model": taken.version.model,
        "version": version_object(taken.version),
        "first_seen": taken.first_seen,
        "warnings": list(taken.warnings),
        "change": taken.change,
    }


def _queue(lane: Lane) -> Json:
    """What waits for an instance of one version."""
    return {
        "model": lane.version.model,
        "version": lane.version.id,
        "deployment": lane.key.deployment,
        "waiting": len(lane.waiting),
    }


def _replica(lane: Lane, instance: Instance) -> Json:
    pid = instance.running.replica.pid if instance.running is not None else None
    return {
        "model": lane.version.model,
        "version": lane.version.id,
        "pid": pid,
        "deployment": lane.key.deployment,
        "state": instance.state,
        "memory_bytes": session_memory(pid) if pid is not None else None,
        "last_used": timestamp(instance.last_used),
    }
