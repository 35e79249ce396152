"""The processors of this machine, as those who choose hardware for a model see them."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rcli.engine.runtime.environments import has_gpu

CPU = "cpu"
ANSWER_SECONDS = 10.0
"""How long a driver may take to say what it has; some load themselves first."""


@dataclass(frozen=True)
class Hardware:
    """``sku`` is the name by which it is asked for."""

    sku: str
    name: str


@cache
def detect() -> Sequence[Hardware]:
    """The CPU first, then each kind of GPU. Asks programs of the system once, so call it in a thread."""
    found = [Hardware(CPU, f"{_processor()}, {_cores()}")]
    for gpu in dict.fromkeys(_gpus()):
        found.append(Hardware(f"gpu-{_slug(gpu)}", gpu))
    return tuple(found)


def granted(wish: str, available: Sequence[Hardware]) -> str:
    """What this machine gives for a wish: the same if it has it, else a GPU for another GPU, else the CPU."""
    skus = [hardware.sku for hardware in available]
    if wish in skus:
        return wish
    return next((sku for sku in skus if sku != CPU and wish.startswith("gpu")), CPU)


def _processor() -> str:
    """Its model name as the system tells it, else its architecture."""
    return (
        _from_proc()
        or _said("sysctl", "-n", "machdep.cpu.brand_string").strip()
        or platform.machine()
        or "CPU"
    )


def _from_proc(file: Path = Path("/proc/cpuinfo")) -> str | None:
    """x86 names its model; most ARM kernels do not."""
    try:
        found = re.search(r"^model name\s*:\s*(\S.*)$", file.read_text(errors="replace"), re.MULTILINE)
    except OSError:
        return None
    return " ".join(found.group(1).split()) if found else None


def _cores() -> str:
    """Those that this process may use, which in a container may be fewer than there are."""
    allowed = getattr(os, "sched_getaffinity", None)
    count = len(allowed(0)) if allowed else os.cpu_count() or 1
    return "1 core" if count == 1 else f"{count} cores"


def _gpus() -> list[str]:
    if not has_gpu():
        return []
    lines = _said("nvidia-smi", "--query-gpu=name", "--format=csv,noheader").splitlines()
    return [line.strip() for line in lines if line.strip()]


def _said(*command: str) -> str:
    """What a program of the system prints; nothing when it is not there, fails, or hangs."""
    if shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(command, capture_output=True, timeout=ANSWER_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace") if done.returncode == 0 else ""


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
