"""What only a container would have given a project, said before anything starts, with what to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from rcli.engine.runtime import hardcoded
from rcli.engine.runtime.environments import COG, OLDEST_SDK, sdk
from rcli.engine.runtime.hardcoded import Found
from rcli.engine.runtime.project import Build, Project

MOST_NAMED = 3


def warnings(project: Project, build: Build, *, gpu: bool) -> tuple[str, ...]:
    """``build`` is the project's own section, or the one that a run wants; ``gpu``: whether there is one."""
    found = hardcoded.search(project.folder)
    return (
        *_cuda(build, [each for each in found if each.kind == "gpu"], gpu=gpu),
        *_paths(project.folder, [each for each in found if each.kind == "path"]),
        *(_weights(target) for target in project.weights if not Path(target).exists()),
        *(_secret(target) for target in build.secrets),
        *_sdk(build),
    )


def _cuda(build: Build, found: Sequence[Found], *, gpu: bool) -> list[str]:
    pins = [f"build.{key} {value}" for key, value in (("cuda", build.cuda), ("cudnn", build.cudnn)) if value]
    told = []
    if pins:
        verb = "have" if len(pins) > 1 else "has"
        told.append(
            f"{' and '.join(pins)} {verb} no effect: this machine's own driver and libraries are used"
        )
    if build.gpu and found and not gpu:
        instead = "device=-1" if found[0].what.startswith("device=") else '"cpu"'
        told.append(f"{_places(found)} asks for the GPU itself: write {instead} to run it here")
    return told


def _paths(folder: Path, found: Sequence[Found]) -> list[str]:
    """Those that are not on this machine; a model runs in its project's folder, so a relative path does."""
    lost = [each for each in found if not Path(each.what).exists()]
    if not lost:
        return []
    inside = str(PurePosixPath(lost[0].what).relative_to("/src"))
    return [f"{_places(lost)} is a path in a container: write it relative to the project, as {inside!r}"]


def _places(found: Sequence[Found]) -> str:
    named = [f"{each.file}:{each.line} ({each.what})" for each in found[:MOST_NAMED]]
    more = [f"{len(found) - MOST_NAMED} more"] if len(found) > MOST_NAMED else []
    return ", ".join(named + more)


def _weights(target: str) -> str:
    return f"Cog's managed weights are not there: put them at {target}, where the container would have them"


def _secret(target: str) -> str:
    return f"the secret for {target} is not mounted: uv takes an index with a password from UV_INDEX"


def _sdk(build: Build) -> list[str]:
    if build.sdk_version is None or sdk(build) == build.sdk_version:
        return []
    oldest = ".".join(map(str, OLDEST_SDK))
    return [f"build.sdk_version {build.sdk_version} is none from {oldest} on: the model runs with Cog {COG}"]
