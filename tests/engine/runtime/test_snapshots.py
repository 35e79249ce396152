"""Snapshots: content addressed, immutable, complete or not there."""

from __future__ import annotations

import os
import resource
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rcli.engine.runtime.snapshots import Snapshot, SnapshotError, Snapshots
from rcli.ignored import Ignored


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "cog.yaml").write_text("run: run.py:Runner\n")
    (folder / "run.py").write_text("first")
    (folder / "data" / "words.txt").write_text("words")
    return folder


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    return Snapshots(tmp_path / "snapshots")


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def test_the_same_content_has_the_same_id_wherever_and_whenever_it_is(
    project: Path, snapshots: Snapshots, tmp_path: Path
) -> None:
    first = snapshots.take(project)
    os.utime(project / "run.py", (1, 1))
    moved = project.rename(tmp_path / "elsewhere")

    assert snapshots.take(moved) == first
    assert snapshots.ids() == [first.id]
    assert len(first.id) == 64


@pytest.mark.parametrize("change", ["content", "name", "mode", "more", "link"])
def test_every_change_that_matters_makes_another_id(project: Path, snapshots: Snapshots, change: str) -> None:
    first = snapshots.take(project)
    match change:
        case "content":
            (project / "run.py").write_text("other")
        case "name":
            (project / "data" / "words.txt").rename(project / "data" / "other.txt")
        case "mode":
            (project / "run.py").chmod(0o755)
        case "more":
            (project / "empty").mkdir()
        case "link":
            (project / "link").symlink_to("run.py")

    assert snapshots.take(project).id != first.id


def test_a_change_that_keeps_size_is_seen_once_the_file_is_remembered(
    project: Path, snapshots: Snapshots
) -> None:
    os.utime(project / "run.py", (1_000_000, 1_000_000))
    first = snapshots.take(project)
    assert snapshots.take(project) == first

    (project / "run.py").write_text("other")
    second = snapshots.take(project)

    assert second.id != first.id
    assert (second.path / "run.py").read_text() == "other"


def test_a_remembered_file_is_not_read_again(project: Path, snapshots: Snapshots) -> None:
    for path in project.rglob("*"):
        os.utime(path, (1_000_000, 1_000_000))
    first = snapshots.take(project)
    inode = (project / "run.py").stat().st_ino
    with (project / "run.py").open("r+") as file:
        file.write("FIRST")
    os.utime(project / "run.py", (1_000_000, 1_000_000))

    assert (project / "run.py").stat().st_ino == inode
    assert snapshots.take(project) == first


def test_a_snapshot_does_not_change_with_its_project(project: Path, snapshots: Snapshots) -> None:
    snapshot = snapshots.take(project)
    with (project / "run.py").open("r+") as file:
        file.write("later")

    assert (snapshot.path / "run.py").read_text() == "first"
    assert (snapshot.path / "run.py").stat().st_mode & 0o222 == 0


def test_what_never_belongs_to_a_model_stays_out(project: Path, snapshots: Snapshots) -> None:
    for name in (".git", ".venv", ".cog", "data/__pycache__"):
        (project / name).mkdir()
        (project / name / "file").write_text("x")

    assert files(snapshots.take(project).path) == {"cog.yaml", "run.py", "data/words.txt"}


def test_dockerignore_leaves_files_out_but_never_what_reading_the_project_needs(
    project: Path, snapshots: Snapshots
) -> None:
    (project / "reqs").mkdir()
    (project / "reqs" / "all.txt").write_text("six\n")
    (project / "cog.yaml").write_text("build: {python_requirements: reqs/all.txt}\nrun: run.py:Runner\n")
    (project / ".dockerignore").write_text("*\n!run.py\n")

    assert files(snapshots.take(project).path) == {"cog.yaml", "run.py", "reqs/all.txt"}


def test_links_that_stay_inside_are_kept_as_links(project: Path, snapshots: Snapshots) -> None:
    (project / "data" / "up").symlink_to("../run.py")
    (project / "whole").symlink_to(project / "data")

    path = snapshots.take(project).path

    assert os.readlink(path / "data" / "up") == "../run.py"
    assert os.readlink(path / "whole") == "data"


def test_a_link_that_leads_out_is_refused_by_name(project: Path, snapshots: Snapshots) -> None:
    (project / "data" / "away").symlink_to("/etc/passwd")

    with pytest.raises(SnapshotError, match=r"the link data/away leads out of the project") as caught:
        snapshots.take(project)

    assert caught.value.hint is not None
    assert ".dockerignore" in caught.value.hint
    assert snapshots.ids() == []


def test_a_pipe_in_the_project_is_refused(project: Path, snapshots: Snapshots) -> None:
    os.mkfifo(project / "pipe")

    with pytest.raises(SnapshotError, match=r"pipe in .* is neither a file nor a folder"):
        snapshots.take(project)


def test_a_working_copy_is_writable_its_own_and_private(
    project: Path, snapshots: Snapshots, tmp_path: Path
) -> None:
    (project / "run.py").chmod(0o755)
    snapshot = snapshots.take(project)
    copy = tmp_path / "copies" / "one"

    snapshots.copy(snapshot.id, copy)
    (copy / "run.py").write_text("mine")

    assert files(copy) == files(project)
    assert copy.stat().st_mode & 0o777 == 0o700
    assert (copy / "data").stat().st_mode & 0o777 == 0o700
    assert os.access(copy / "run.py", os.X_OK)
    assert (snapshot.path / "run.py").read_text() == "first"
    assert (copy / "run.py").stat().st_nlink == 1


@pytest.fixture
def small_files_only() -> Iterator[None]:
    """No file may grow beyond 100 kB: as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_named_and_nothing_half_made_is_left(
    project: Path, snapshots: Snapshots, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    (project / "weights.bin").write_bytes(os.urandom(200_000))
    request.getfixturevalue("small_files_only")

    with pytest.raises(SnapshotError, match=r"cannot copy the project .* File too large"):
        snapshots.take(project)

    assert list((tmp_path / "snapshots").iterdir()) == []


def test_a_failed_working_copy_leaves_nothing(project: Path, snapshots: Snapshots, tmp_path: Path) -> None:
    identifier = snapshots.take(project).id
    (tmp_path / "full").write_text("a file")

    with pytest.raises(SnapshotError):
        snapshots.copy(identifier, tmp_path / "full" / "copy")
    with pytest.raises(SnapshotError, match="there is no snapshot"):
        snapshots.copy("0" * 64, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_what_a_crash_left_is_no_snapshot_and_is_swept(snapshots: Snapshots, tmp_path: Path) -> None:
    (tmp_path / "snapshots" / "unfinished-1").mkdir(parents=True)

    assert snapshots.ids() == []
    snapshots.sweep()
    assert list((tmp_path / "snapshots").iterdir()) == []


def test_sizes_and_removal(project: Path, snapshots: Snapshots) -> None:
    snapshot = snapshots.take(project)

    assert snapshots.size(snapshot.id) == len("run: run.py:Runner\n") + len("first") + len("words")
    assert snapshots.get(snapshot.id) == snapshot
    snapshots.remove(snapshot.id)
    assert snapshots.get(snapshot.id) is None
    assert snapshots.get("../project") is None
    assert snapshots.ids() == []


@pytest.mark.parametrize(
    ("rules", "name", "left_out"),
    [
        ("*.txt", "a.txt", True),
        ("*.txt", "data/a.txt", False),
        ("**/*.txt", "a.txt", True),
        ("**/*.txt", "data/deep/a.txt", True),
        ("data", "data/a.txt", True),
        ("/data/", "data/a.txt", True),
        ("data", "mydata", False),
        ("data/**", "data/deep/a.txt", True),
        ("data/*\n!data/keep.txt", "data/keep.txt", False),
        ("data\n!data/keep.txt", "data/keep.txt", False),
        ("data\n!data/keep.txt", "data/other.txt", True),
        ("!data/keep.txt\ndata", "data/keep.txt", True),
        ("# comment\n\n  spaced.txt  ", "spaced.txt", True),
        ("file?.py", "file1.py", True),
        ("file?.py", "file/.py", False),
        ("file[0-3].py", "file2.py", True),
        ("file[^0-3].py", "file2.py", False),
        ("a.b", "axb", False),
        ("[z-a]", "[z-a]", True),
        (".", "anything", False),
        ("", "x/__pycache__/y.pyc", True),
    ],
)
def test_dockerignore_patterns(rules: str, name: str, left_out: bool) -> None:
    assert Ignored(rules).leaves_out(name) is left_out


def test_takes_of_the_same_new_folder_at_once_all_get_the_same_snapshot(
    project: Path, snapshots: Snapshots
) -> None:
    for number in range(20):
        (project / "run.py").write_text(str(number))
        together = threading.Barrier(4)

        def take(together: threading.Barrier = together) -> Snapshot:
            together.wait()
            return snapshots.take(project)

        with ThreadPoolExecutor(4) as pool:
            taken = [future.result() for future in [pool.submit(take) for _ in range(4)]]

        assert len({snapshot.id for snapshot in taken}) == 1
        assert (taken[0].path / "run.py").read_text() == str(number)


def test_links_that_lead_over_the_outside_back_in_work_in_the_copy(
    project: Path, snapshots: Snapshots, tmp_path: Path
) -> None:
    (tmp_path / "alias").symlink_to(project)
    (project / "data" / "back").symlink_to("../../project/run.py")
    (project / "data" / "through").symlink_to(tmp_path / "alias" / "run.py")

    path = snapshots.take(project).path

    assert os.readlink(path / "data" / "back") == "../run.py"
    assert os.readlink(path / "data" / "through") == "../run.py"


def test_what_somebody_has_taken_since_is_not_removed(project: Path, snapshots: Snapshots) -> None:
    snapshot = snapshots.take(project)
    os.utime(snapshot.path, (1000, 1000))
    before = time.time()
    snapshots.take(project)

    spared = snapshots.remove(snapshot.id, taken_before=before - 1)
    os.utime(snapshot.path, (1000, 1000))
    removed = snapshots.remove(snapshot.id, taken_before=before - 1)

    assert (spared, removed) == (False, True)
    assert snapshots.ids() == []


def test_taking_and_removing_at_once_leave_what_was_taken_last(project: Path, snapshots: Snapshots) -> None:
    """Whoever has taken a snapshot finds its files, however many try to remove it as unused."""
    gone = threading.Event()

    def remove() -> None:
        while not gone.is_set():
            for identifier in snapshots.ids():
                snapshots.remove(identifier, taken_before=time.time() - 60)

    with ThreadPoolExecutor(3) as pool:
        removers = [pool.submit(remove) for _ in range(2)]
        for number in range(100):
            snapshot = snapshots.take(project)
            assert files(snapshot.path) == {"cog.yaml", "run.py", "data/words.txt"}
            os.utime(snapshot.path, (number, number))
        gone.set()
        for remover in removers:
            remover.result()
