"""What this machine has: processors and memory."""

from __future__ import annotations

import os
from pathlib import Path

MEMINFO = Path("/proc/meminfo")
GIB = 1 << 30


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def total_memory() -> int | None:
    """Bytes; None where the system does not tell."""
    return _pages("SC_PHYS_PAGES")


def available_memory() -> int | None:
    """Bytes that programs can still get without swapping; None where the system does not tell."""
    try:
        lines = MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return _pages("SC_AVPHYS_PAGES")
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def replicas_at_once() -> int:
    """How many loaded models suit the machine: four for each processor, but one for each GiB of memory."""
    memory = total_memory()
    most = 4 * cores()
    return max(2, most if memory is None else min(most, memory // GIB))


def _pages(name: str) -> int | None:
    if name not in os.sysconf_names:
        return None
    count = os.sysconf(name)
    return count * os.sysconf("SC_PAGE_SIZE") if count > 0 else None
