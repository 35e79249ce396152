"""``rcli trainings``: seeing, following and ending trainings, those of other terminals too."""

from __future__ import annotations

import json
import os
import signal

import pytest

from tests.cli.conftest import PROJECTS, Shell
from tests.conftest import Run

COACH, TRAINER = str(PROJECTS / "coach"), str(PROJECTS / "trainer")


@pytest.fixture
def running(warm_shell: Shell) -> str:
    """The id of a training that runs until the file ``gate`` is there."""
    gate = warm_shell.cwd / "gate"
    return begun(warm_shell, COACH, f"until={gate}")


def begun(shell: Shell, base: str, *inputs: str) -> str:
    return shell.run("train", base, *inputs, "--destination", "local:school/one", "--detach").strip()


def open_gate(shell: Shell) -> None:
    (shell.cwd / "gate").touch()


def ended(shell: Shell) -> str:
    """The id of a training that has succeeded."""
    (shell.cwd / "words.txt").write_text("dino")
    id = begun(shell, TRAINER, "words=@words.txt", "steps=2")
    shell.run("trainings", "wait", id)
    return id


def test_the_list_tells_what_became_of_what(warm_shell: Shell) -> None:
    id = ended(warm_shell)

    rows = [line.split("\t") for line in warm_shell.run("trainings", "list", "-n", "1").splitlines()]

    assert [row[:4] for row in rows] == [[id, "folder/trainer", "school/one", "succeeded"]]
    assert warm_shell.run("trainings", "list", "-n", "1", "-q") == f"{id}\n"
    (raw,) = json.loads(warm_shell.run("trainings", "list", "-n", "1", "--json"))
    assert raw["id"] == id


def test_show_tells_everything_of_one(warm_shell: Shell) -> None:
    id = ended(warm_shell)

    fields = dict(
        line.split("\t", 1)
        for line in warm_shell.run("trainings", "show", id[:10]).splitlines()
        if "\t" in line
    )

    assert (fields["id"], fields["destination"], fields["status"]) == (id, "school/one", "succeeded")
    assert fields["logs"] == "step 1/2 loss=1.00"


def test_last_is_the_newest(warm_shell: Shell) -> None:
    id = ended(warm_shell)

    assert warm_shell.run("trainings", "show", "last", "-q") == f"{id}\n"


def test_an_unknown_training_is_an_error(warm_rcli: Run) -> None:
    told = warm_rcli("trainings", "show", "nothing")

    assert told.exit_code == 1
    assert told.stderr == (
        "error: there is no training nothing on local\nhint: rcli trainings list --host local\n"
    )


def test_watch_without_an_id_is_the_one_that_runs(warm_shell: Shell, running: str) -> None:
    process = warm_shell.start("trainings", "watch", "--logs")
    process.until(lambda process: "warming up" in process.stderr)
    open_gate(warm_shell)

    assert process.end() == 0
    assert process.stdout.decode().startswith("school/one:")
    assert process.stderr == "warming up\n"


def test_without_one_that_runs_it_says_so(warm_rcli: Run) -> None:
    told = warm_rcli("trainings", "watch")

    assert told.exit_code == 1
    assert told.stderr == "error: no training runs on local\nhint: rcli trainings watch last\n"


def test_watch_as_json_gives_every_event_from_the_beginning(warm_shell: Shell) -> None:
    id = ended(warm_shell)

    events = [json.loads(line) for line in warm_shell.run("trainings", "watch", id, "--json").splitlines()]

    assert "".join(event["data"] for event in events if event["event"] == "logs") == (
        "step 1/2 loss=1.00\nstep 2/2 loss=0.50\n"
    )
    assert events[-1]["event"] == "done"
    assert events[-1]["prediction"]["output"]["version"].startswith("school/one:")


def test_logs_are_exact_and_follow_to_the_end(warm_shell: Shell, running: str) -> None:
    process = warm_shell.start("trainings", "logs", running, "-f")
    process.until(lambda process: process.stdout == b"warming up\n")
    open_gate(warm_shell)

    assert process.end() == 0
    assert (process.stdout, process.stderr) == (b"warming up\n", "")
    assert warm_shell.run("trainings", "logs", running) == "warming up\n"


def test_wait_gives_up_after_its_time(warm_shell: Shell, running: str) -> None:
    told = warm_shell.run("trainings", "wait", running, "--timeout", "1s")
    open_gate(warm_shell)

    assert told.exit_code == 5
    assert told.stderr == (
        "error: the training has not ended after 1s, and goes on\n"
        f"hint: rcli trainings watch {running} --host local takes it up again\n"
    )
    assert warm_shell.run("trainings", "wait", running).startswith("school/one:")


def test_cancel_ends_it(warm_shell: Shell, running: str) -> None:
    told = warm_shell.run("trainings", "cancel", running)
    waited = warm_shell.run("trainings", "wait", running)
    again = warm_shell.run("trainings", "cancel", running)

    assert told.stderr == f"training {running} is canceled\n"
    assert (waited.exit_code, waited.stderr) == (7, f"error: training {running} was canceled\n")
    assert again.stderr == f"training {running} has ended already: canceled\n"


def test_open_prints_the_address_of_one_without_a_page(warm_shell: Shell) -> None:
    id = ended(warm_shell)

    assert warm_shell.run("trainings", "open", id).endswith(f"/v1/trainings/{id}\n")


@pytest.fixture
def slow(warm_shell: Shell) -> str:
    """A project whose training tells ten losses, and the eleventh when the file ``gate`` is there."""
    project = warm_shell.cwd / "slow"
    project.mkdir()
    (project / "cog.yaml").write_text((PROJECTS / "trainer" / "cog.yaml").read_text())
    (project / "predict.py").write_text((PROJECTS / "trainer" / "predict.py").read_text())
    (project / "train.py").write_text(
        "import time\nfrom pathlib import Path as Place\nfrom cog import BaseModel, Path\n\n"
        "class Trained(BaseModel):\n    weights: Path\n\n"
        "def train(until: str) -> Trained:\n"
        "    for step in range(1, 11):\n        print(f'step {step}/11 loss={1 / step:.2f}', flush=True)\n"
        "    while not Place(until).exists():\n        time.sleep(0.01)\n"
        "    print('step 11/11 loss=0.05', flush=True)\n"
        "    Place('weights.txt').write_text('x')\n    return Trained(weights=Path('weights.txt'))\n"
    )
    return "./slow"


def test_another_terminal_draws_the_whole_curve_and_leaves_it(warm_shell: Shell, slow: str) -> None:
    begun(warm_shell, slow, f"until={warm_shell.cwd}/gate")
    session = warm_shell.terminal("trainings", "watch", "--csv", "metrics.csv", columns=70)
    while_it_ran = session.shows("⠒⠒ loss 0.1", "1┤", "91%")
    open_gate(warm_shell)

    assert session.end() == 0
    lines = session.lines
    legend = lines.index("⠒⠒ loss 0.05")
    assert len(while_it_ran.splitlines()) <= 24
    assert lines[legend + 1].startswith("   1┤")
    assert lines[legend + 11].split() == ["1", "11"]
    assert lines[legend + 12].startswith("school/one:")
    assert "loss=0.10" not in session.text
    table = (warm_shell.cwd / "metrics.csv").read_text().splitlines()
    assert (table[0], table[1], table[-1], len(table)) == ("step,loss", "1,1.0", "11,0.05", 12)


def test_the_curve_takes_what_room_the_terminal_has(warm_shell: Shell, slow: str) -> None:
    begun(warm_shell, slow, f"until={warm_shell.cwd}/gate")
    session = warm_shell.terminal("trainings", "watch", rows=24, columns=80)
    session.shows("⠒⠒ loss 0.1", "91%")

    session.resize(50, 12)
    small = session.until(lambda screen: screen.endswith("10") and "…" in screen)
    session.resize(29, 12)
    without = session.until(lambda screen: "┤" not in screen and "running" in screen)
    open_gate(warm_shell)

    assert session.end() == 0
    assert sum("┤" in line or "│" in line for line in small.splitlines()) == 5
    assert max(map(len, small.splitlines())) <= 49
    assert "running" in without


def test_metrics_are_saved_in_a_pipe_too_and_never_over_a_file(warm_shell: Shell) -> None:
    id = ended(warm_shell)

    first, second = (warm_shell.run("trainings", "watch", id, "--csv", "metrics.csv") for _ in range(2))

    assert (first.exit_code, second.exit_code) == (0, 2)
    assert "metrics.csv exists already" in second.stderr
    assert (warm_shell.cwd / "metrics.csv").read_text() == "step,loss\n1,1.0\n2,0.5\n"


def test_a_killed_engine_is_told_as_the_reason(shell: Shell) -> None:
    gate = shell.cwd / "gate"
    id = begun(shell, COACH, f"until={gate}")
    process = shell.start("trainings", "logs", id, "-f")
    process.until(lambda process: b"warming up" in process.stdout)
    os.kill(shell.engine()["pid"], signal.SIGKILL)

    followed = process.end()
    told = shell.run("trainings", "watch", id)

    assert (followed, told.exit_code) == (5, 3)
    assert f"hint: rcli trainings watch {id} --host local takes it up again" in process.stderr
    assert told.stderr.startswith("warming up\nerror: training ")
