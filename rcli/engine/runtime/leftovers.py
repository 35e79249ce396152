"""Processes that an engine left behind when it was killed, recorded by pid and start time, and their removal.

A pid alone is not enough: by the time of the next start it may belong to somebody else's program.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

PROC = Path("/proc")


def start_time(pid: int) -> str | None:
    """When a process started, as the system writes it; None if there is none (a zombie is none)."""
    if not PROC.is_dir() or sys.platform == "darwin":
        listed = subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return "-".join(listed.stdout.split()).replace(":", "") or None
    fields = _stat(pid)
    return None if fields is None or fields[0] == "Z" else fields[19]


def _stat(pid: int) -> list[str] | None:
    """The fields of ``/proc/<pid>/stat`` from the third (state) on; proc(5) counts from one."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (OSError, UnicodeDecodeError):
        return None
    return text.rpartition(")")[2].split()


def record(folder: Path, pid: int, copy: Path) -> Path:
    """Note in ``folder`` that this process runs in the working copy ``copy``; returns the note."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    note = folder / f"{pid}-{start_time(pid) or 'gone'}"
    note.write_text(json.dumps({"copy": str(copy)}))
    return note


def sweep(folder: Path) -> list[int]:
    """End what an earlier engine recorded in ``folder``, remove its copies; returns the pids ended."""
    ended = []
    for note in sorted(folder.glob("*-*")):
        pid, started = note.name.split("-", 1)
        if not pid.isdecimal():
            continue
        copy = _copy_of(note)
        if start_time(int(pid)) == started:
            kill_session(int(pid))
            ended.append(int(pid))
        elif copy is not None:
            ended += _kill_inside(int(pid), copy)
        if copy is not None:
            shutil.rmtree(copy, ignore_errors=True)
        note.unlink(missing_ok=True)
    return ended


def _copy_of(note: Path) -> Path | None:
    """The working copy that a note names; an engine killed while it wrote leaves an empty one."""
    try:
        return Path(json.loads(note.read_text())["copy"])
    except (OSError, ValueError, KeyError):
        return None


def kill_session(pid: int) -> None:
    """Kill the process group that ``pid`` leads, and what else runs in its session (Linux)."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    for member in session_members(pid):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(member, signal.SIGKILL)


def session_members(leader: int) -> list[int]:
    """The live processes of a session, on Linux; elsewhere nothing is known beyond the group."""
    if not PROC.is_dir():
        return []
    pids = [int(name) for name in os.listdir(PROC) if name.isdigit()]
    return [pid for pid in pids if (fields := _stat(pid)) and fields[3] == str(leader) and fields[0] != "Z"]


def _kill_inside(leader: int, copy: Path) -> list[int]:
    """The leader is gone: its session's members are ours only if they still work inside the copy."""
    ended = []
    for pid in session_members(leader):
        with contextlib.suppress(OSError):
            if Path(os.readlink(PROC / str(pid) / "cwd")).is_relative_to(copy):
                os.kill(pid, signal.SIGKILL)
                ended.append(pid)
    return ended
