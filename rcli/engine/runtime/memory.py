"""How much memory a replica's processes hold."""

from __future__ import annotations

import contextlib
from pathlib import Path

from rcli.engine.runtime.leftovers import session_members


def session_memory(leader: int) -> int | None:
    """Bytes of all processes of a session, shared pages in parts (PSS); None without /proc."""
    sizes = [size for pid in session_members(leader) if (size := process_memory(pid)) is not None]
    return sum(sizes) if sizes else None


def process_memory(pid: int) -> int | None:
    """Bytes of one process, shared pages in parts (PSS); None without /proc."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return None
