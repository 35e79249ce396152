"""This machine: Python, uv, the models' runtime, the disk, and who can read the tokens."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from rcli.errors import RcliError
from rcli.paths import Paths
from rcli.services import engine_process
from rcli.services.health import Finding, failed

COMFORT = 2000
"""MiB beyond the reserve: the environment of a model with PyTorch takes as much."""

_ASK_SECONDS = 10.0
_REINSTALL = f"{shlex.quote(sys.executable)} -m pip install --force-reinstall"


def python() -> Finding:
    return Finding("python", "good", f"{platform.python_version()}, {sys.executable}")


def uv() -> Finding:
    """The program that makes environments, which comes with rcli."""
    import uv as package

    try:
        program = package.find_uv_bin()
        told = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=_ASK_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as exc:
        return Finding("uv", "problem", f"cannot be started: {exc}", f"{_REINSTALL} uv")
    return Finding("uv", "good", f"{told.stdout.split()[1]}, {program}")


def runtime() -> Finding:
    """Cog and coglet, which run models on this machine."""
    try:
        engine_process.check_platform()
    except RcliError as error:
        return failed("models", error, "note")
    try:
        versions = [f"{name} {metadata.version(name)}" for name in ("cog", "coglet")]
    except metadata.PackageNotFoundError as exc:
        return Finding("models", "problem", f"the package {exc.name} is missing", f"{_REINSTALL} {exc.name}")
    return Finding("models", "good", ", ".join(versions))


def disk(paths: Paths, reserve: int) -> Iterator[Finding]:
    """``reserve``: MiB below which the engine refuses files. Folders of one disk are one finding."""
    disks: dict[int, list[Path]] = {}
    for folder in (paths.data, paths.cache):
        place = next(each for each in (folder, *folder.parents) if os.path.exists(each))
        disks.setdefault(place.stat().st_dev, []).append(place)
    for folder, *_ in disks.values():
        free = shutil.disk_usage(folder).free >> 20
        said = f"{free / 1000:.1f} GB free at {folder}"
        if free < reserve:
            yield Finding("disk", "problem", f"{said}: the engine keeps {reserve} MiB", "rcli cache prune")
        elif free < reserve + COMFORT:
            yield Finding("disk", "warning", f"{said}: little for a model's packages", "rcli cache prune")
        else:
            yield Finding("disk", "good", said)


def config(paths: Paths) -> Finding:
    """Whether the file that may hold tokens is the user's alone."""
    file = paths.config_file
    if not os.path.exists(file):
        return Finding("config", "good", f"no {file} yet: defaults hold")
    if sys.platform != "win32" and file.stat().st_mode & 0o077:
        return Finding(
            "config",
            "warning",
            f"others can read {file}, where tokens are kept",
            f"chmod 600 {shlex.quote(str(file))}",
        )
    return Finding("config", "good", str(file))
