"""The sweep after an engine's crash."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rcli.engine.runtime import leftovers


@pytest.fixture
def left() -> Iterator[subprocess.Popen[str]]:
    """A process that leads a session of its own and has a child; the child's pid is its first line."""
    script = (
        "import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', "
        "'import time; time.sleep(600)']); print(child.pid, flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        yield process
        leftovers.kill_session(process.pid)


def has_ended(pid: int) -> bool:
    """Waits for the end of a process that is not ours to wait for; a zombie has ended."""
    try:
        number = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([number], [], [], 60)[0])
    finally:
        os.close(number)


def test_a_recorded_process_and_its_children_are_ended_and_its_copy_removed(
    left: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert left.stdout is not None
    child = int(left.stdout.readline())
    copy = tmp_path / "copy"
    copy.mkdir()
    leftovers.record(tmp_path / "records", left.pid, copy)

    ended = leftovers.sweep(tmp_path / "records")

    assert ended == [left.pid]
    assert left.wait(60) == -9
    assert has_ended(child)
    assert not copy.exists()
    assert list((tmp_path / "records").iterdir()) == []


def test_a_process_that_only_has_the_same_pid_lives_on(left: subprocess.Popen[str], tmp_path: Path) -> None:
    note = leftovers.record(tmp_path / "records", left.pid, tmp_path / "copy")
    note.rename(note.with_name(f"{left.pid}-1"))

    ended = leftovers.sweep(tmp_path / "records")

    assert ended == []
    assert left.poll() is None


def test_a_note_that_was_half_written_is_only_removed(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "999999999-123").write_text("")

    assert leftovers.sweep(tmp_path / "records") == []
    assert list((tmp_path / "records").iterdir()) == []


def test_nothing_recorded_is_nothing_to_sweep(tmp_path: Path) -> None:
    assert leftovers.sweep(tmp_path / "records") == []


def test_a_stray_file_among_the_notes_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a-b").touch()
    (tmp_path / "999999999-123").touch()

    leftovers.sweep(tmp_path)

    assert [note.name for note in tmp_path.iterdir()] == ["a-b"]
