"""``run --repeat`` and ``run --sweep``: several predictions of one command line."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from threading import Lock

import pytest
from PIL import Image

from rcli.records import Json
from rcli.settings import LIST_PRICES_FROM
from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import FILES, TEXT, Cloud, cloud, prediction
from tests.conftest import Run
from tests.processes import PATIENCE
from tests.recording_server import Answer, Recorded, json_answer, problem

__all__ = ["cloud"]

ECHO = str(PROJECTS / "echo")
SEEDED: dict[str, Json] = {
    "prompt": {"type": "string", "x-order": 0},
    "seed": {"type": "integer", "maximum": 100, "x-order": 1},
    "scale": {"type": "number", "x-order": 2},
    "image": {"type": "string", "format": "uri", "x-order": 3},
}
TWICE = ("--sweep", "seed=1..3", "--yes")


class Service:
    """Makes of every creation a prediction of its own; ``end`` says how one ends."""

    def __init__(self, cloud: Cloud, **end: Json) -> None:
        self.bodies: list[Json] = []
        self.canceled: list[str] = []
        self._cloud, self._end, self._lock = cloud, end, Lock()
        cloud.api.answer("POST /v1/predictions", self._create)

    def _create(self, request: Recorded) -> Answer:
        with self._lock:
            body: Json = request.json
            id = f"{len(self.bodies):026d}"
            self.bodies.append(body)
        seed = str(body["input"].get("seed"))
        ended = {"status": "succeeded", "output": f"seed {seed}"} | self._end.get(f"seed_{seed}", {})
        self._cloud.api.answer(f"GET /v1/predictions/{id}", json_answer(_named(id, **ended)))
        self._cloud.api.answer(f"POST /v1/predictions/{id}/cancel", lambda _: self._cancel(id))
        return json_answer(_named(id, status="starting"), 201)

    def _cancel(self, id: str) -> Answer:
        self.canceled.append(id)
        return json_answer(_named(id, status="canceled"))


def _named(id: str, status: str, **keys: object) -> Json:
    return prediction(status, **({"id": id} | keys))


def sdxl(rcli: Run, cloud: Cloud, *more: str, stdin: bytes = b"") -> tuple[str, str, int]:
    ran = rcli("run", "stability-ai/sdxl", "prompt=x", *more, env=cloud.env, stdin=stdin)
    return str(ran), ran.stderr, ran.exit_code


# what comes out


def test_a_sweep_gives_a_line_for_each_value_in_order(warm_rcli: Run) -> None:
    ran = warm_rcli("run", ECHO, "--sweep", "text=a,b,1..3")

    assert (ran, ran.stderr, ran.exit_code) == ("hello a\nhello b\nhello 1\nhello 2\nhello 3\n", "", 0)


def test_several_sweeps_make_their_product_and_each_is_repeated(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(TEXT, inputs=SEEDED)
    service = Service(cloud)

    printed, _, code = sdxl(
        rcli, cloud, "--sweep", "seed=7,8", "--sweep", "scale=0..1..0.5", "--repeat", "2", "--yes"
    )

    inputs = sorted((body["input"]["seed"], body["input"]["scale"]) for body in service.bodies)
    assert inputs == sorted([(seed, scale) for seed in (7, 8) for scale in (0, 0.5, 1)] * 2)
    assert printed == "seed 7\n" * 6 + "seed 8\n" * 6
    assert code == 0


def test_a_repetition_leaves_the_seed_to_the_model(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(TEXT, inputs=SEEDED)
    service = Service(cloud)

    sdxl(rcli, cloud, "--repeat", "3", "--yes")

    assert [body["input"] for body in service.bodies] == [{"prompt": "x"}] * 3


def test_json_is_one_prediction_a_line(warm_rcli: Run) -> None:
    ran = warm_rcli("run", ECHO, "--sweep", "text=a,b", "--json")

    assert [json.loads(line)["output"] for line in ran.splitlines()] == ["hello a", "hello b"]


def test_a_filter_and_quiet_go_on_to_each(warm_rcli: Run) -> None:
    filtered = warm_rcli("run", ECHO, "--sweep", "text=a,b", "--jq", ".input.text")
    ids = warm_rcli("run", ECHO, "--sweep", "text=a,b", "-q").split()

    assert filtered == "a\nb\n"
    assert [len(id) for id in ids] == [26, 26]


def test_files_of_all_go_into_one_folder_under_names_of_their_own(warm_rcli: Run, tmp_path: Path) -> None:
    for colour in ("red", "blue"):
        Image.new("RGB", (3, 3), colour).save(tmp_path / f"{colour}.png")

    ran = warm_rcli(
        "run", str(PROJECTS / "picture"), "--sweep", "image=@red.png,@blue.png", "--output-dir", "out"
    )

    first, second = map(Path, ran.splitlines())
    assert first.parent == second.parent == tmp_path / "out"
    assert first.read_bytes() == (tmp_path / "red.png").read_bytes()
    assert second.read_bytes() == (tmp_path / "blue.png").read_bytes()


def test_a_shared_file_is_read_and_sent_once(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(TEXT, inputs=SEEDED)
    service = Service(cloud)

    _, stderr, code = sdxl(rcli, cloud, "image=@-", *TWICE, stdin=b"x" * 10)

    assert code == 0, stderr
    assert len({body["input"]["image"] for body in service.bodies}) == 1


def test_ids_of_what_is_left_running_are_printed(warm_shell: Shell, tmp_path: Path) -> None:
    gates = [tmp_path / name for name in ("one", "two")]
    sweep = f"until={gates[0]},{gates[1]}"

    ran = warm_shell.run("run", str(PROJECTS / "gate"), "--sweep", sweep, "--detach")

    ids = ran.split()
    assert [warm_shell.prediction(id)["input"]["until"] for id in ids] == [str(gate) for gate in gates]
    for gate in gates:
        gate.touch()
    assert [warm_shell.watch(id) for id in ids] == ["through the gate"] * 2


def test_inputs_are_remembered_for_each(warm_rcli: Run) -> None:
    warm_rcli("run", ECHO, "--sweep", "text=first,second", "-q")
    (id,) = warm_rcli("run", ECHO, "--sweep", "text=third", "-q").split()

    shown = warm_rcli("library", "show", id, "--jq", ".input.text")

    assert shown == "third\n"


# what goes wrong


def test_the_highest_exit_code_wins_and_the_others_are_printed(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(TEXT, inputs=SEEDED)
    Service(cloud, seed_2={"status": "failed", "output": None, "error": "out of luck"})

    printed, stderr, code = sdxl(rcli, cloud, *TWICE)

    assert (printed, code) == ("seed 1\nseed 3\n", 3)
    assert "error: 2: seed=2: prediction 0000" in stderr
    assert "failed: out of luck" in stderr


def test_without_credit_no_more_are_tried(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(TEXT, inputs=SEEDED)
    cloud.api.answer("POST /v1/predictions", problem(402, detail="no credit"))

    printed, stderr, code = sdxl(rcli, cloud, "--sweep", "seed=1..60", "--yes")

    tried = [each for each in cloud.api.requests if each.method == "POST"]
    assert (printed, code) == ("", 6)
    assert len(tried) <= 8
    assert f"{60 - len(tried)} of 60 were not created after that" in stderr


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--sweep", "seed=1..3", "seed=4"), "seed is swept, and given as well"),
        (("--sweep", "seed=99..102", "--yes"), "not accepted:\n  seed: 101 is more than 100\n  seed: 102 is"),
        (("--sweep", "sead=1,2"), "sead: unknown input; did you mean seed?"),
        (("--sweep", "seed=1", "--sweep", "seed=2"), "--sweep: seed is there twice"),
        (("--sweep", "seed"), "--sweep: 'seed' names no input"),
        (("--sweep", "seed=1,,2"), "--sweep seed: a value is empty"),
        (("--sweep", "scale=0.1..0.5"), "--sweep scale: a range of fractions needs a step"),
        (("--sweep", "seed=1..9..-1"), "--sweep seed: 1..9..-1 leads nowhere"),
        (("--sweep", "seed=1..9..0"), "--sweep seed: 1..9..0 leads nowhere"),
        (("--sweep", "seed=1..999999999"), "--sweep seed: 1..999999999 are 999999999 values"),
        (("--sweep", "seed:={}"), "--sweep seed:= takes a JSON list of values"),
        (("--sweep", "seed=1..101"), "these are 101 predictions"),
        (
            ("--repeat", "100", "--sweep", "seed=1..100", "--sweep", "scale=1..2"),
            "these are 20000 predictions",
        ),
        (("--repeat", "none"), "--repeat takes a number of predictions, not 'none'"),
        (("--repeat", "2", "-o", "x.png"), "-o is for one prediction, and these are several"),
        (("--repeat", "2", "--logs"), "--logs is for one prediction"),
        (("--repeat", "2"), "2 predictions on replicate may cost something\nhint: --yes goes ahead"),
    ],
)
def test_what_is_wrong_is_said_before_the_first_is_created(
    rcli: Run, cloud: Cloud, more: tuple[str, ...], message: str
) -> None:
    cloud.has_model(TEXT, inputs=SEEDED)
    service = Service(cloud)

    printed, stderr, code = sdxl(rcli, cloud, *more)

    assert (printed, code) == ("", 2)
    assert message in stderr
    assert service.bodies == []


# signals


def until_created(shell: Shell, count: int, before: list[str]) -> None:
    """Waits until so many are there beside those of before."""
    deadline = time.monotonic() + PATIENCE
    while set(shell.run("predictions", "list", "-q", "-n", str(count)).split()) & set(before):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_cancels_all_that_run_and_creates_no_more(
    warm_shell: Shell, tmp_path: Path, number: int, code: int
) -> None:
    sweep = "until=" + ",".join(str(tmp_path / f"gate-{index}") for index in range(12))
    process = warm_shell.start("run", str(PROJECTS / "gate"), "--sweep", sweep, "--detach")
    assert process.end() == 0
    ids = process.stdout.decode().split()
    for id in ids:
        warm_shell.run("predictions", "cancel", id)
    process = warm_shell.start("run", str(PROJECTS / "gate"), "--sweep", sweep, "--progress", "plain")
    process.says("running")
    until_created(warm_shell, 2, ids)
    process.signal(number)

    assert process.end() == code
    count = int(process.stderr.splitlines()[-1].removesuffix(" predictions canceled"))
    latest = json.loads(warm_shell.run("predictions", "list", "--limit", "9", "--json"))
    assert 1 < count <= 8
    assert {row["status"] for row in latest[:count]} == {"canceled"}
    assert latest[count]["id"] in ids


def test_a_reader_that_goes_away_ends_the_rest(warm_shell: Shell) -> None:
    read, written = os.pipe()
    os.close(read)
    session = warm_shell.terminal("run", ECHO, "--sweep", "text=9001..9090", "--plain", stdout=written)
    os.close(written)

    assert session.end() == 141
    made = warm_shell.run("predictions", "list", "--limit", "95", "--jq", ".[].input.text").split()
    assert 0 < len([text for text in made if text.startswith("90")]) < 90


# a person


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_person_sees_all_of_them_in_one_table(warm_shell: Shell, tmp_path: Path, columns: int) -> None:
    gates = [tmp_path / name for name in ("a", "b", "c")]
    sweep = "until=" + ",".join(map(str, gates))
    gates[0].touch()
    session = warm_shell.terminal("run", str(PROJECTS / "gate"), "--sweep", sweep, columns=columns)

    session.shows("  1: unt", "  2: unt", "  3: unt", "of 3")
    gates[1].touch()
    gates[2].touch()
    code = session.end()

    assert code == 0
    assert session.text.count("through the gate") == 3
    assert "waiting" not in session.text
    assert "3 of 3 succeeded" in session.text


def test_what_had_ended_before_ctrl_c_is_in_the_library(warm_shell: Shell, tmp_path: Path) -> None:
    done, closed = tmp_path / "done", tmp_path / "closed"
    done.touch()
    project = str(PROJECTS / "gate")
    session = warm_shell.terminal("run", project, "--sweep", f"until={done},{done},{done},{closed}")
    session.until(lambda screen: "3 of 4" in screen and "4: unt" in screen and "waiting" not in screen)
    session.press("\x03")

    assert session.end() == 130
    assert session.lines[-1] == "1 prediction canceled; 3 had ended: rcli library list"


def test_ctrl_c_takes_the_table_away(warm_shell: Shell, tmp_path: Path) -> None:
    session = warm_shell.terminal(
        "run", str(PROJECTS / "gate"), "--sweep", f"until={tmp_path}/x,{tmp_path}/y", columns=80
    )
    session.until(lambda screen: "2: unt" in screen and "waiting" not in screen)
    session.press("\x03")

    assert session.end() == 130
    assert session.lines[-1] == "2 predictions canceled"
    assert "waiting" not in session.text


def test_ids_of_what_is_created_alone_are_printed(warm_rcli: Run) -> None:
    created = warm_rcli("predictions", "create", ECHO, "--sweep", "text=a,b", "--repeat", "2")
    waited = warm_rcli("predictions", "wait", *created.split())

    assert created.exit_code == 0
    assert len(set(created.split())) == 4
    assert waited.count("\tsucceeded\t") == 4


def test_what_several_will_cost_is_told_before_as_far_as_it_is_known(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(TEXT, inputs=SEEDED, visibility="public")
    ends = {f"seed_{seed}": {"metrics": {"predict_time": seed * 2.0}} for seed in (1, 2, 3)}
    Service(cloud, **ends)
    words = ("--sweep", "seed=1..3")

    unknown = sdxl(rcli, cloud, *words)
    rcli("config", "set", "price.stability-ai/sdxl", "gpu-l40s")
    timeless = sdxl(rcli, cloud, *words)
    sdxl(rcli, cloud, *words, "--yes")
    by_time = sdxl(rcli, cloud, *words)
    rcli("config", "set", "price.stability-ai/sdxl", "0.04")
    by_run = sdxl(rcli, cloud, *words)

    said = [stderr.splitlines()[0] for _, stderr, _ in (unknown, timeless, by_time, by_run)]
    assert {code for *_, code in (unknown, timeless, by_time, by_run)} == {2}
    assert said == [
        "error: 3 predictions on replicate may cost something",
        "error: 3 predictions on replicate may cost something",
        "error: 3 predictions on replicate may cost something: about $0.012 (3 × predict_time 4 s × "
        f"gpu-l40s $0.000975/s, list price, {LIST_PRICES_FROM}; the median of 3 runs)",
        "error: 3 predictions on replicate may cost something: about $0.12 (3 × a run's price as set)",
    ]


def test_a_person_is_told_what_several_will_cost(shell: Shell, cloud: Cloud) -> None:
    cloud.has_model(FILES, inputs=SEEDED)
    service = Service(cloud)
    shell.run("config", "set", "price.stability-ai/sdxl", "0.04")
    session = shell.terminal(
        "run", "stability-ai/sdxl", "prompt=x", "--repeat", "5", env=cloud.env, columns=120
    )
    session.shows("Run 5 predictions on replicate? They cost about $0.20 (5 × a run's price as set).")
    session.press("n\r")

    assert session.end() == 2
    assert service.bodies == []


@pytest.mark.parametrize(
    ("keys", "code"), [("yn\r", 2), ("maybe not\r", 2), ("\r", 2), ("\x03", 130), ("y\r", 0)]
)
def test_what_costs_something_begins_with_the_return_key_after_a_yes(
    shell: Shell, cloud: Cloud, keys: str, code: int
) -> None:
    cloud.has_model(FILES, inputs=SEEDED)
    service = Service(cloud)
    session = shell.terminal(
        "run", "stability-ai/sdxl", "prompt=x", "--repeat", "2", env=cloud.env, columns=100
    )
    session.shows("They may cost something.")
    session.press(keys)

    assert session.end() == code
    assert len(service.bodies) == (0 if code else 2)
    assert "╌" not in session.text


def test_a_person_is_asked_before_several_are_paid_for(shell: Shell, cloud: Cloud) -> None:
    cloud.has_model(FILES, inputs=SEEDED)
    service = Service(cloud)
    session = shell.terminal(
        "run", "stability-ai/sdxl", "prompt=x", "--repeat", "2", env=cloud.env, columns=100
    )
    session.shows("Run 2 predictions on replicate? They may cost something.")
    session.press("n\r")

    assert session.end() == 2
    assert service.bodies == []
