"""The engine: whether it answers, and what it needs."""

from __future__ import annotations

from rcli import __version__
from rcli.errors import RcliError
from rcli.services import local
from rcli.services.health import Finding, failed
from rcli.settings import Settings


def check(settings: Settings) -> Finding:
    try:
        told = local.status(settings)
    except RcliError as error:
        return failed("engine", error)
    if told is None:
        return _asleep(settings)
    if told["version"] != __version__:
        said = f"of rcli {told['version']}, and this is {__version__}: the next local run replaces it"
        return Finding("engine", "note", said, "rcli serve stop")
    loaded = len(told["replicas"])
    said = f"answers at {told['url']}; {loaded} model{'' if loaded == 1 else 's'} loaded"
    free = told.get("memory", {}).get("available_bytes")
    reserve = int(settings.get("engine.memory_reserve").value)
    if free is not None and free < reserve << 20:
        return Finding(
            "engine", "warning", f"{said}, but memory is short: {free >> 20} MiB free", "rcli serve stop"
        )
    return Finding("engine", "good", said)


def _asleep(settings: Settings) -> Finding:
    """It may have ended for a reason, which is the last that its log says."""
    last = local.log_lines(settings, 2)
    if reason := next((line for line in last if line.startswith("error: ")), None):
        said = f"does not run; the last one ended with {reason.removeprefix('error: ')!r}"
        return Finding("engine", "warning", said, "rcli serve logs")
    return Finding("engine", "good", "does not run; the next local run starts it")
