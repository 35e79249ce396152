"""``rcli files``: uploaded, looked at, saved and deleted."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Shell
from tests.cloud import TOKEN, Cloud, cloud, told
from tests.conftest import Run, environment
from tests.processes import PATIENCE, ROOT
from tests.recording_server import Answer, json_answer, problem

__all__ = ["cloud"]

HERE = ("--host", "local")


def record(id: str, url: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "name": "cat.png", "size": 3, "urls": {"get": f"{url}/v1/files/{id}"}} | more


def test_a_file_goes_up_and_comes_back_as_it_was(warm_shell: Shell) -> None:
    content = os.urandom(5000)
    (warm_shell.cwd / "cat.png").write_bytes(content)
    run = warm_shell.run

    id = run("files", "upload", "cat.png", "-q", *HERE).strip()
    shown = dict(line.split("\t", 1) for line in run("files", "show", id[:12], *HERE).splitlines())
    saved = run("files", "download", id[:12], "-o", "copy.png", *HERE)
    again = run("files", "download", id, *HERE)

    assert (shown["id"], shown["name"], shown["type"]) == (id, "cat.png", "image/png")
    assert shown["sha256"] == hashlib.sha256(content).hexdigest()
    assert saved == f"{warm_shell.cwd / 'copy.png'}\n"
    assert (warm_shell.cwd / "copy.png").read_bytes() == content
    assert told(again) == (
        f"error: {warm_shell.cwd / 'cat.png'} exists already\nhint: -o FILE saves it under another name\n",
        2,
    )


def test_an_upload_prints_the_address_that_models_take(warm_shell: Shell) -> None:
    (warm_shell.cwd / "a.txt").write_text("a")
    (warm_shell.cwd / "b.txt").write_text("b")

    urls = warm_shell.run("files", "upload", "a.txt", "b.txt", *HERE).split()
    (row, _) = warm_shell.run("files", "list", "-n", "2", *HERE).splitlines()
    raw = json.loads(warm_shell.run("files", "upload", "a.txt", "--type", "text/x-a", "--json", *HERE))

    assert len(urls) == 2
    assert all(re.fullmatch(r"http://127\.0\.0\.1:\d+/v1/files/\w+", url) for url in urls)
    assert row.split("\t")[:4] == [urls[1].rpartition("/")[2], "b.txt", "text/plain", "1"]
    assert raw["content_type"] == "text/x-a"


def test_nothing_is_sent_when_one_of_several_is_missing(warm_shell: Shell) -> None:
    (warm_shell.cwd / "a.txt").write_text("a")
    before = warm_shell.run("files", "list", "-q", *HERE)

    told_missing = warm_shell.run("files", "upload", "a.txt", "b.txt", *HERE)
    empty(warm_shell.cwd / "large", 100_000_000)
    told_large = warm_shell.run("files", "upload", "large", *HERE)

    said = f"error: there is no file {warm_shell.cwd / 'b.txt'}\nhint: what is there: ls {warm_shell.cwd}\n"
    assert told_missing.stderr == said
    assert "is larger than 100 MB" in told_large.stderr
    assert warm_shell.run("files", "list", "-q", *HERE) == before


def test_a_misspelt_file_is_told_with_the_one_that_was_meant(warm_shell: Shell) -> None:
    (warm_shell.cwd / "pics").mkdir()
    (warm_shell.cwd / "pics" / "kitten.png").write_bytes(b"x")

    near = warm_shell.run("files", "upload", "pics/kiten.png", "--host", "local")
    nowhere = warm_shell.run("files", "upload", "pcis/kitten.png", "--host", "local")

    assert near.stderr.endswith("/pics/kiten.png\nhint: did you mean pics/kitten.png?\n")
    assert nowhere.stderr.endswith(f"hint: there is no folder {warm_shell.cwd}/pcis\n")
    assert (near.exit_code, nowhere.exit_code) == (2, 2)


def test_memory_stays_flat_while_a_large_file_goes_up(warm_shell: Shell) -> None:
    """Its peak is that of the program, and does not grow with the file."""
    (warm_shell.cwd / "small").write_bytes(b"x")
    empty(warm_shell.cwd / "large", 80_000_000)

    peaks = {name: peak(warm_shell, "files", "upload", name, *HERE) for name in ("small", "large")}

    assert peaks["large"] - peaks["small"] < 15_000


def test_progress_is_told_while_a_file_goes_up(warm_shell: Shell) -> None:
    empty(warm_shell.cwd / "large", 30_000_000)

    session = warm_shell.terminal("files", "upload", "large", *HERE)
    code = session.end()

    assert code == 0
    assert b"uploading large" in session.raw
    assert b"of 30.0 MB" in session.raw
    assert "/v1/files/" in session.text


def test_deleting_wants_to_be_confirmed(warm_shell: Shell) -> None:
    (warm_shell.cwd / "a.txt").write_text("a")
    id = warm_shell.run("files", "upload", "a.txt", "-q", *HERE).strip()

    asked = warm_shell.run("files", "delete", id, *HERE)
    deleted = warm_shell.run("files", "delete", id, "--yes", *HERE)
    gone = warm_shell.run("files", "show", id, *HERE)

    assert told(asked) == ("error: this wants to be confirmed\nhint: --yes confirms it\n", 2)
    assert told(deleted) == (f"file {id} is deleted\n", 0)
    assert told(gone) == (
        f"error: there is no file {id} on local, or it has expired\nhint: rcli files list --host local\n",
        1,
    )


def test_several_files_that_begin_alike_are_told(rcli: Run, cloud: Cloud) -> None:
    found = [record("abc1", cloud.api.url), record("abc2", cloud.api.url)]
    cloud.api.answer("GET /v1/files", json_answer({"next": None, "results": found}))

    asked = rcli("files", "show", "abc", env=cloud.env)

    assert told(asked) == ("error: several files begin with abc:\n  abc1\n  abc2\n", 2)


def test_the_cloud_s_contents_want_a_signed_address(rcli: Run, cloud: Cloud, tmp_path: Path) -> None:
    cloud.api.answer("GET /v1/files/abc1", json_answer(record("abc1", cloud.api.url)))
    cloud.api.answer("GET /v1/files/abc1/download", problem(401, detail="Signature required"))
    refused = rcli("files", "download", "abc1", env=cloud.env)
    cloud.api.answer("GET /v1/files/abc1/download", Answer(200, b"cat", {"Content-Type": "image/png"}))
    signed = f"{cloud.api.url}/v1/files/abc1/download?owner=ada&expiry=1&signature=x"
    saved = rcli("files", "download", signed, env=cloud.env)

    assert refused.stderr.startswith(
        "error: the service gives the content of abc1 to signed addresses alone: Signature required\nhint: "
    )
    assert refused.exit_code == 4
    assert saved == f"{tmp_path / 'abc1'}\n"
    assert (tmp_path / "abc1").read_bytes() == b"cat"


def test_the_token_stays_at_home_when_an_address_leads_elsewhere(rcli: Run, cloud: Cloud) -> None:
    address = cloud.offers("cat.png")

    saved = rcli("files", "download", address, env=cloud.env)

    assert saved.exit_code == 0
    assert TOKEN not in str(cloud.delivery.requests[0].headers)


def test_a_hostile_name_is_made_safe(rcli: Run, cloud: Cloud, tmp_path: Path) -> None:
    found = record("abc1", cloud.api.url, name="../../\x1b[31m.bashrc")
    cloud.api.answer("GET /v1/files/abc1", json_answer(found))
    cloud.api.answer("GET /v1/files/abc1/download", Answer(200, b"cat"))

    saved = Path(rcli("files", "download", "abc1", env=cloud.env).strip())

    assert saved.parent == tmp_path
    assert saved.name.isprintable()
    assert not saved.name.startswith(".")


@pytest.mark.parametrize("words", [["upload", "-"], ["download", "abc", "-o", "-"]])
def test_what_has_no_file_is_refused(warm_rcli: Run, words: list[str]) -> None:
    asked = warm_rcli("files", *words, *HERE)

    assert asked.exit_code == 2
    assert "hint: " in asked.stderr


def empty(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


PEAK = """
import sys
from rcli.app import App
from rcli.cli.main import main
code = main(sys.argv[1:], App.of_this_process())
(line,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM:")]
print(line.split()[1], file=sys.stderr)
sys.exit(code)
"""


def peak(shell: Shell, *argv: str) -> int:
    """How much memory a command took at most, in kB."""
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PEAK, *argv],
        cwd=shell.cwd,
        env=environment(shell.home) | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert ran.returncode == 0, ran.stderr
    return int(ran.stderr.split()[-1])
