"""What a killed engine had accepted: it runs, in its order and within its deadline, or says why it cannot."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine, StartEngine

SECRETIVE = """
from cog import BaseRunner, Input, Secret


class Runner(BaseRunner):
    def run(self, until: str, key: Secret = Input(default=None)) -> str:
        import time
        from pathlib import Path
        while not Path(until).exists():
            time.sleep(0.01)
        return "through"
"""


def write_project(folder: Path, source: str) -> Path:
    folder.mkdir()
    (folder / "cog.yaml").write_text("run: run.py:Runner\n")
    (folder / "run.py").write_text(source)
    return folder


def behind_a_gate(engine: RunningEngine, gate: Path, count: int) -> tuple[Any, list[Any]]:
    """One prediction that runs, and others that wait behind it."""
    version = engine.register("gate")
    running = engine.create(version, {"until": str(gate)})
    engine.wait_for(running, '"phase": "running"')
    return running, [engine.create(version, {"until": str(gate)}) for _ in range(count)]


def ended(engine: RunningEngine, prediction: dict[str, Any]) -> dict[str, Any]:
    """The end of what another engine has accepted, under whose address nobody answers any more."""
    return engine.ended(engine.get(prediction))


def test_what_waited_when_the_engine_was_killed_runs_in_its_order(
    start_engine: StartEngine, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    first = start_engine()
    running, waiting = behind_a_gate(first, gate, 5)
    first.kill()
    gate.touch()

    second = start_engine()

    rows = [ended(second, row) for row in waiting]
    assert second.get(running)["error"] == "the engine was killed while this prediction ran"
    assert [row["output"] for row in rows] == ["through the gate"] * 5
    started = [row["started_at"] for row in rows]
    assert started == sorted(started)


def test_a_queue_survives_two_kills(start_engine: StartEngine, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    first = start_engine()
    _, (one, two) = behind_a_gate(first, gate, 2)
    first.kill()
    second = start_engine()
    second.wait_for(second.get(one), '"phase": "running"')
    second.kill()
    gate.touch()

    third = start_engine()

    assert ended(third, one)["error"] == "the engine was killed while this prediction ran"
    assert ended(third, two)["output"] == "through the gate"


def test_a_deadline_holds_while_no_engine_runs(start_engine: StartEngine, tmp_path: Path) -> None:
    first = start_engine()
    version = first.register("gate")
    blocking = first.create(version, {"until": "/nowhere"})
    first.wait_for(blocking, '"phase": "running"')
    waiting = first.create(version, {"until": "/nowhere"}, cancel_after="5s")
    first.kill()
    time.sleep(5.1)  # the deadline is in the past when the next one looks

    told = start_engine()
    row = told.http.get(f"/v1/predictions/{waiting['id']}", headers={"user-agent": "rcli/1"}).json()

    assert (row["status"], row["error"], row["started_at"]) == ("aborted", None, None)
    assert told.stream(told.get(waiting)).endswith('data: {"reason": "canceled"}\n\n')


def test_a_deadline_that_is_still_ahead_ends_what_was_resumed(start_engine: StartEngine) -> None:
    first = start_engine()
    version = first.register("gate")
    first.wait_for(first.create(version, {"until": "/nowhere"}), '"phase": "running"')
    waiting = first.create(version, {"until": "/nowhere"}, cancel_after="6s")
    first.kill()
    second = start_engine()

    row = ended(second, waiting)

    assert row["status"] == "canceled"
    assert 5.5 < row["metrics"]["total_time"] < 20


def test_files_that_were_given_are_there_after_a_kill(start_engine: StartEngine, tmp_path: Path) -> None:
    project = write_project(
        tmp_path / "reader",
        "from cog import BaseRunner, Path\n\n\nclass Runner(BaseRunner):\n"
        "    def setup(self) -> None:\n        import time\n        time.sleep(1.0)\n\n"
        "    def run(self, file: Path) -> str:\n        return file.read_text()\n",
    )
    first = start_engine()
    upload = first.http.post("/v1/files", files={"content": ("a.txt", b"uploaded", "text/plain")}).json()
    version = first.register(project)
    given = [
        first.create(version, {"file": "data:text/plain;base64,aW5saW5l"}),
        first.create(version, {"file": upload["urls"]["get"]}),
    ]
    first.kill()

    second = start_engine()

    assert [ended(second, row)["output"] for row in given] == ["inline", "uploaded"]


def test_a_secret_that_nobody_stored_fails_what_waited_with_it(
    start_engine: StartEngine, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    first = start_engine()
    version = first.register(write_project(tmp_path / "secretive", SECRETIVE))
    first.wait_for(first.create(version, {"until": str(gate)}), '"phase": "running"')
    secret = first.create(version, {"until": str(gate), "key": "swordfish"})
    plain = first.create(version, {"until": str(gate)})
    first.kill()
    gate.touch()

    second = start_engine()

    row = ended(second, secret)
    assert (row["status"], row["started_at"]) == ("failed", None)
    assert row["error"] == (
        "the engine was killed before this prediction ran, and its secret inputs are stored nowhere:"
        " create it again"
    )
    assert ended(second, plain)["output"] == "through"


def test_variables_that_were_in_memory_only_fail_what_waited_with_them(start_engine: StartEngine) -> None:
    first = start_engine()
    version = first.register("gate")
    kept = first.http.post("/_rcli/variables", json={"variables": {"PLACE": "here"}})
    assert kept.status_code in (200, 201), kept.text
    headers = {"rcli-variables": kept.json()["id"]}
    body = {"version": version, "input": {"until": "/nowhere"}}
    rows = [first.http.post("/v1/predictions", json=body, headers=headers).json() for _ in range(2)]
    first.wait_for(rows[0], '"phase": "running"')
    first.kill()

    row = start_engine().get(rows[1])

    assert row["status"] == "failed"
    assert row["error"] == (
        "the engine was killed before this prediction ran, and the variables of -e are gone with it:"
        " run it again"
    )


def test_a_version_that_is_gone_fails_what_waited_for_it(start_engine: StartEngine) -> None:
    first = start_engine()
    _, (waiting,) = behind_a_gate(first, Path("/nowhere"), 1)
    first.kill()
    database = sqlite3.connect(first.folder / "engine.db")
    database.execute("DELETE FROM versions WHERE id = ?", (waiting["version"],))
    database.commit()
    database.close()

    row = start_engine().get(waiting)

    assert row["status"] == "failed"
    assert row["error"] == (
        "the engine was killed before this prediction ran, and its version has been removed since"
    )


@pytest.mark.parametrize("seen", [0, 3])
def test_a_reader_goes_on_in_the_next_engine_where_it_was(start_engine: StartEngine, seen: int) -> None:
    first = start_engine()
    prediction = first.create(first.register("tokens"), {"n": 1000, "delay": 0.02})
    first.wait_for(prediction, "token5 ")
    first.kill()
    second = start_engine()

    told = second.http.get(
        f"/v1/streams/{prediction['id']}", headers={"last-event-id": f"1:{seen}"} if seen else {}
    ).text

    data = [line.removeprefix("data: ") for line in told.split("\n") if line.startswith("data: ")]
    assert data[:3] == [f"token{n} " for n in range(seen, seen + 3)]
    assert data[-1] == '{"reason": "error"}'
