"""What a person sees at a terminal while something runs, and what is left on the screen."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pyte
import pytest

from rcli.settings import LIST_PRICES_FROM
from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import FILES, ID, PNG, RUN, Cloud, cloud, prediction
from tests.conftest import Run
from tests.processes import PATIENCE, Process
from tests.recording_server import Answer, Recorded, json_answer
from tests.terminal import TerminalSession

__all__ = ["cloud"]

GATE = str(PROJECTS / "gate")
BAR = str(PROJECTS / "bar")
DRAWN = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


def summary(session: TerminalSession, columns: int = 200) -> str:
    """The last line, wrapped on a narrow terminal, without its times: they are never the same."""
    start = max(number for number, line in enumerate(session.lines) if re.match("succeeded|failed", line))
    line = "".join(line.ljust(columns) for line in session.lines[start:]).rstrip()
    return re.sub(r"( · (queued|setup|environment|ran) … s)+", " · …", re.sub(r"[\d.]+ s", "… s", line))


def host_line(shell: Shell, columns: int) -> list[str]:
    """The line that names host, model and version, cut by the terminal where it is too narrow."""
    prediction = shell.prediction()
    line = f"local · {prediction['model']}:{prediction['version'][:12]}"
    return [line[start : start + columns] for start in range(0, len(line), columns)]


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_running_prediction_shows_its_state_and_leaves_no_trace_of_it(
    warm_shell: Shell, columns: int
) -> None:
    gate = warm_shell.cwd / "gate"
    warm_shell.run("run", GATE, "until=/")

    session = warm_shell.terminal("run", GATE, f"until={gate}", columns=columns)
    live = session.shows("running", "45%", "the picture is read", "denoising: step 9/20").splitlines()
    gate.touch()

    assert session.end() == 0
    above = host_line(warm_shell, columns)
    assert [live[: len(above)], len(live)] == [above, len(above) + 3]
    assert session.lines[: len(above) + 1] == [*above, "through the gate"]
    assert "running" not in "".join(session.lines[: len(above) + 1])
    assert summary(session, columns).startswith("succeeded in … s")
    assert "running" not in session.text


def test_a_cold_start_says_so(warm_shell: Shell) -> None:
    session = warm_shell.terminal("run", str(PROJECTS / "setup_slow"), "text=x")

    session.shows("cold start: setup", "folder/setup_slow")
    session.press("\x03")
    assert session.end() == 130
    assert session.lines[-1] == f"prediction {warm_shell.prediction()['id']} canceled"
    assert "setup" not in "".join(session.lines[:-1]).replace("setup_slow", "")


def test_what_is_said_meanwhile_stands_above_the_display(shell: Shell) -> None:
    """The first run of a folder on a cold engine is the one with most to say."""
    gate = shell.cwd / "gate"

    session = shell.terminal("run", GATE, f"until={gate}", columns=200)
    session.shows("running", "step 9/20")
    gate.touch()

    assert session.end() == 0
    assert session.lines[:-1] == [
        *host_line(shell, 200),
        f"first run of {GATE}: its code runs with your rights",
        "through the gate",
    ]
    assert re.fullmatch(
        r"succeeded in [\d.]+ s · (queued [\d.]+ s · )?(environment [\d.]+ s · )?setup [\d.]+ s"
        rf" · ran [\d.]+ s · free, this machine · {shell.prediction()['id']}",
        session.lines[-1],
    )


def test_text_takes_the_place_of_the_display(warm_shell: Shell) -> None:
    session = warm_shell.terminal("stream", str(PROJECTS / "tokens"), "n=3", "delay=0.3", columns=100)

    session.shows("token0 token1")
    assert "running" not in session.text
    assert session.end() == 0
    assert "token0 token1 token2" in session.lines
    assert "running" not in session.text


def test_a_text_that_breaks_off_does_not_run_into_what_is_said_of_it(warm_shell: Shell) -> None:
    session = warm_shell.terminal("stream", str(PROJECTS / "tokens"), "n=1000", "delay=0.1", columns=100)

    session.shows("token0 token1")
    session.press("\x03")
    assert session.end() == 130
    assert session.lines[-2].startswith("token0 token1")
    assert session.lines[-1] == f"prediction {warm_shell.prediction()['id']} canceled"


def test_a_pipe_on_stdout_leaves_the_display_on_stderr(warm_shell: Shell) -> None:
    gate, answer = warm_shell.cwd / "gate", warm_shell.cwd / "answer"

    with answer.open("wb") as file:
        session = warm_shell.terminal("run", GATE, f"until={gate}", stdout=file.fileno())
    session.shows("running", "45%")
    gate.touch()

    assert session.end() == 0
    assert answer.read_text() == "through the gate"
    assert "running" not in session.text
    assert summary(session, 80).endswith(f"this machine · output on stdout · {warm_shell.prediction()['id']}")


@pytest.mark.parametrize(
    ("flags", "env"), [(["--plain"], {}), ([], {"TERM": "dumb"}), (["--progress", "none"], {"NO_COLOR": "1"})]
)
def test_without_animation_the_lines_are_plain(
    warm_shell: Shell, flags: list[str], env: dict[str, str]
) -> None:
    warm_shell.run("run", str(PROJECTS / "echo"), "text=x")

    session = warm_shell.terminal("run", str(PROJECTS / "echo"), "text=x", *flags, env=env, columns=200)

    assert session.end() == 0
    assert not DRAWN.search(session.raw)
    assert session.lines[-3:-1] == [*host_line(warm_shell, 200), "hello x"]


def test_without_colours_the_display_has_none(warm_shell: Shell) -> None:
    gate = warm_shell.cwd / "gate"

    session = warm_shell.terminal("run", GATE, f"until={gate}", env={"NO_COLOR": "1"})
    session.shows("running", "45%", "step 9/20")
    gate.touch()

    assert session.end() == 0
    assert not re.search(rb"\x1b\[[0-9;]*(3|4|9|10)\d[0-9;]*m", session.raw)


def test_progress_plain_is_a_line_for_each_phase(warm_shell: Shell) -> None:
    warm_shell.run("run", str(PROJECTS / "echo"), "text=x")

    process: Process = warm_shell.start("run", str(PROJECTS / "echo"), "text=x", "--progress", "plain")

    assert process.end() == 0
    assert process.stdout == b"hello x"
    lines = re.sub(r"[\d.]+ s", "… s", process.stderr).splitlines()
    assert lines[1:-1] == [
        "local · folder/echo: queued (… s)",
        *(["local · folder/echo: running (… s)"] if "running" in process.stderr else []),
        "local · folder/echo: succeeded (… s)",
    ]
    assert lines[-1].startswith("succeeded in … s · ")
    assert lines[-1].endswith(f"free, this machine · output on stdout · {warm_shell.prediction()['id']}")


def test_hostile_text_does_nothing_to_a_terminal(warm_shell: Shell) -> None:
    session = warm_shell.terminal("run", str(PROJECTS / "hostile"), "fail=true", columns=200)

    assert session.end() == 3
    assert "one two three" in session.lines
    assert "a log line" in session.lines
    assert session.lines[-1].endswith("failed: no luck")
    assert b"\x1b]" not in session.raw
    assert b"\x1b[8m" not in session.raw
    assert b"\x1b[2J" not in session.raw


def test_hostile_text_does_nothing_when_it_is_shown_later(warm_shell: Shell) -> None:
    warm_shell.run("run", str(PROJECTS / "hostile"), "fail=true")

    session = warm_shell.terminal("predictions", "show", "last", columns=200)

    assert session.end() == 0
    assert "a log line" in session.text
    assert b"\x1b]" not in session.raw
    assert b"\x1b[2J" not in session.raw


# bars, sizes, and what is left


@pytest.fixture
def warm_bar(warm_shell: Shell) -> Shell:
    """The model with a bar is loaded."""
    warm_shell.run("run", BAR, "until=/")
    return warm_shell


def pictures(session: TerminalSession, columns: int) -> list[str]:
    """What was on the screen after each byte, from the first whole picture on."""
    screen = pyte.Screen(columns, 24)
    stream = pyte.ByteStream(screen)
    begin = session.raw.index(b"9/20")
    stream.feed(session.raw[:begin])
    seen = []
    for byte in session.raw[begin:]:
        stream.feed(bytes([byte]))
        seen.append("\n".join(screen.display))
    return seen


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_bar_is_drawn_without_a_flicker_and_goes_without_a_trace(warm_bar: Shell, columns: int) -> None:
    gate = warm_bar.cwd / "gate"

    session = warm_bar.terminal("run", BAR, f"until={gate}", columns=columns)
    session.shows("45%", "9/20")
    seen_until = len(session.raw)
    session.until(lambda _: len(session.raw) > seen_until + 2000)
    drawn = pictures(session, columns)
    live = session.lines
    gate.touch()

    assert session.end() == 0
    assert all("running" in screen and "the picture is read" in screen for screen in drawn)
    assert [len(line) < columns for line in live[-4:]] == [True] * 4
    assert live[-3].startswith("  猫")
    assert live[-3].endswith("…")
    left = session.text
    assert not any(text in left for text in ("猫", "running", "45%", "denoising", "the picture is read"))
    assert "through the bar" in left


def test_a_window_that_changes_its_size_leaves_nothing_behind(warm_bar: Shell) -> None:
    gate = warm_bar.cwd / "gate"

    session = warm_bar.terminal("run", BAR, f"until={gate}", columns=120)
    session.shows("45%", "folder/bar")
    for columns in (40, 80, 30, 100):
        session.resize(columns, 24)
        before = len(session.raw)
        session.until(lambda _, before=before: len(session.raw) > before + 500)  # type: ignore[misc]
    gate.touch()

    assert session.end() == 0
    assert not any(text in session.text for text in ("running", "45%", "denoising", "the picture is read"))
    assert "through the bar" in session.text


@pytest.mark.parametrize("keys", ["\x03", "\x03\x03"])
def test_ctrl_c_leaves_nothing_of_the_display(warm_bar: Shell, keys: str) -> None:
    session = warm_bar.terminal("run", BAR, "until=/nowhere", columns=120)

    session.shows("45%", "9/20")
    session.press(keys)

    assert session.end() == 130
    assert [line for line in session.lines if "bar:" not in line and "prediction" not in line] == []
    assert session.raw.rindex(b"\x1b[?25h") > session.raw.rindex(b"\x1b[?25l")


def test_what_the_setup_prints_is_part_of_the_cold_start(warm_shell: Shell) -> None:
    gate, project = warm_shell.cwd / "gate", warm_shell.cwd / "bar"
    shutil.copytree(BAR, project)
    source = (project / "run.py").read_text()
    assert "time.sleep(0.3)" in source
    waiting = f"while not Path({str(gate)!r}).exists():\n            time.sleep(0.01)"
    (project / "run.py").write_text(source.replace("time.sleep(0.3)", waiting))

    session = warm_shell.terminal("run", str(project), "until=/", columns=120)

    session.shows("cold start: setup", "━━━━━╌╌╌╌╌ 50% Loading checkpoint shards")
    gate.touch()
    assert session.end() == 0
    assert b"\x1b]" not in session.raw
    assert b"\x1b[2J" not in session.raw
    assert re.search(r" · setup [\d.]+ s · ran ", session.text)


@pytest.mark.parametrize("words", [["run"], ["run", "--logs"], ["stream"], ["run", "--progress", "plain"]])
def test_hostile_logs_and_errors_do_nothing(warm_bar: Shell, words: list[str]) -> None:
    session = warm_bar.terminal(*words, BAR, "until=/", "fail=true", columns=120)

    assert session.end() == 3
    assert session.lines[-1].endswith("failed: no luck")
    assert "the picture is read" in session.lines
    assert not any(evil in session.raw for evil in (b"\x1b]", b"\x1b[2J", "\u202e".encode(), b"\x07"))


# the whole log


def test_the_whole_log_goes_to_stderr_as_it_comes(warm_bar: Shell) -> None:
    gate = warm_bar.cwd / "gate"

    process = warm_bar.start("run", BAR, f"until={gate}", "--logs")
    process.says("denoising:  45%|████      | 9/20")
    gate.touch()

    assert process.end() == 0
    assert process.stdout == b"through the bar"
    assert process.stderr == warm_bar.prediction()["logs"]
    assert "\x1b]52;" in process.stderr


def test_the_whole_log_stands_above_the_display_on_a_terminal(warm_bar: Shell) -> None:
    gate = warm_bar.cwd / "gate"

    session = warm_bar.terminal("run", BAR, f"until={gate}", "--logs", columns=120)
    live = session.shows("running", "45%", "the picture is read", "9/20").splitlines()
    gate.touch()

    assert session.end() == 0
    assert live.index("the picture is read") == len(live) - 3
    assert session.text.count("the picture is read") == 1
    assert session.text.count("denoising") == 1
    assert "running" not in session.text
    assert session.lines[-2] == "through the bar"


def test_a_failure_does_not_repeat_the_log_that_was_shown(warm_bar: Shell) -> None:
    result = warm_bar.run("run", BAR, "until=/", "fail=true", "--logs")

    assert result.exit_code == 3
    assert result.stderr.count("the picture is read") == 1
    assert result.stderr.splitlines()[-1].endswith("failed: no luck")


# the cloud


def test_the_cloud_s_start_is_named_and_timed(warm_shell: Shell, cloud: Cloud) -> None:
    gone_on = threading.Event()
    times = {
        "created_at": "2026-01-02T03:04:05.000Z",
        "started_at": "2026-01-02T03:04:06.200Z",
        "metrics": {"predict_time": 3.4, "total_time": 4.7},
    }

    def asked(_: Recorded) -> Answer:
        if not gone_on.is_set():
            return json_answer(prediction("starting"))
        return json_answer(prediction("succeeded", output="a cat", **times))

    cloud.has_model()
    cloud.creates(prediction("starting"), asked)
    env = cloud.env | {"REPLICATE_API_TOKEN": cloud.env["REPLICATE_API_TOKEN"]}

    session = warm_shell.terminal(*RUN, env=env, columns=200)
    session.until(lambda screen: bool(re.search(r"queue or cold start [1-9]\d*\.\d s", screen)))
    gone_on.set()

    assert session.end() == 0
    assert session.lines[1:] == [
        "a cat",
        "succeeded in 4.70 s · queue or cold start 1.20 s · ran 3.40 s · "
        f"cost unknown (to tell it: rcli config set price.stability-ai/sdxl SKU) · {ID}",
    ]


@pytest.mark.parametrize(
    ("keys", "price", "cost"),
    [
        (
            {"visibility": "public"},
            "gpu-l40s",
            "$0.0033 (predict_time 3.4 s × gpu-l40s $0.000975/s, list price, …)",
        ),
        (
            {"visibility": "private"},
            "cpu",
            "at least $0.00034 (predict_time 3.4 s × cpu $0.0001/s, list price, …; ",
        ),
        (
            {"is_official": True},
            "cpu",
            "cost unknown (official models bill by output; to tell it: rcli config set",
        ),
        ({"is_official": True}, "0.04", "$0.040 (a run's price as set)"),
    ],
)
def test_the_cost_is_told_with_what_it_rests_on(
    rcli: Run, cloud: Cloud, keys: dict[str, Any], price: str, cost: str
) -> None:
    done = prediction("succeeded", output="a cat", metrics={"predict_time": 3.4})
    cloud.has_model(**keys)
    for route in ("POST /v1/predictions", "POST /v1/models/stability-ai/sdxl/predictions"):
        cloud.creates(done, route=route)
    rcli("config", "set", "price.stability-ai/sdxl", price)

    told = rcli(*RUN, "--progress", "plain", env=cloud.env)
    silent = rcli(*RUN, "--json", env=cloud.env)

    assert f" · {cost}" in told.stderr.splitlines()[-1].replace(LIST_PRICES_FROM, "…")
    assert (json.loads(silent), silent.stderr) == (done, "")


@pytest.mark.parametrize("columns", [40, 80, 120])
@pytest.mark.parametrize("leaves", [False, True])
def test_a_download_shows_how_far_it_is_and_leaves_no_trace_of_that(
    shell: Shell, cloud: Cloud, columns: int, leaves: bool
) -> None:
    going_on = threading.Event()

    def picture() -> Iterator[bytes]:
        yield PNG[:100]
        going_on.wait(PATIENCE)
        yield PNG[100:]

    cloud.has_model(FILES)
    name = "a-rather-long-name-of-a-picture-of-a-cat.png"
    url = cloud.offers(name)
    cloud.delivery.answer(f"GET /pbxt/{name}", Answer(200, picture, {"Content-Type": "image/png"}))
    cloud.creates(prediction("starting"), prediction("succeeded", output=[url]))

    session = shell.terminal(*RUN, "--output-dir", "x", env=cloud.env, columns=columns)
    live = session.shows("saving", "100 B").splitlines()
    if leaves:
        session.press("\x03")
        code = session.end()
        going_on.set()
    else:
        going_on.set()
        code = session.end()

    assert code == (130 if leaves else 0)
    assert len(live[-1]) < columns
    assert "saving" not in session.text
    unwrapped = "".join(line.ljust(columns) for line in session.lines)
    assert ("has succeeded" in unwrapped) == leaves
    assert (name in unwrapped) != leaves


def test_an_end_is_summed_up_for_whoever_asked_for_it(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model()
    cloud.creates(prediction("succeeded", output="a cat"))

    ends = [
        rcli(*RUN, *flags, env=cloud.env).stderr.count(ID)
        for flags in ([], ["--progress", "plain"], ["--progress", "plain", "-q"], ["--progress", "none"])
    ]

    assert ends == [0, 1, 0, 0]


def test_a_hostile_service_writes_nothing_but_text(rcli: Run, cloud: Cloud) -> None:
    evil = "\x1b]52;c;b3duZWQ=\x07\u202e\x9b2J\n\r"
    cloud.has_model()
    failed = prediction("failed", model=f"a/{evil}b", error=f"no{evil} luck", logs=f"log{evil} line\n")
    cloud.creates(prediction(f"starting{evil}"), prediction(f"pro{evil}cessing"), failed)

    result = rcli(*RUN, "--progress", "plain", env=cloud.env, terminal=True)

    assert result.exit_code == 3
    assert not re.search(
        r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x80-\x9f\u202e]|\x1b[^\[]|\x1b\[[^m]*[A-Za-ln-z]", result.stderr
    )


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("flags", [[], ["--logs"], ["--progress", "plain"]])
def test_halves_of_characters_are_marks(rcli: Run, cloud: Cloud, flags: list[str], terminal: bool) -> None:
    """A model that cuts its tokens wrongly sends them; they are in JSON, but in no encoding."""
    cloud.has_model()
    cloud.creates(
        prediction("starting"),
        prediction("succeeded", output="a \ud834 cat", logs="log \udfff line\n"),
    )

    result = rcli(*RUN, *flags, env=cloud.env, terminal=terminal)

    assert (result.rstrip("\n"), result.exit_code) == ("a � cat", 0)
    assert ("log � line" in result.stderr) == (flags == ["--logs"])


def test_halves_of_characters_stay_as_they_are_in_json(rcli: Run, cloud: Cloud) -> None:
    done = prediction("succeeded", output="a \ud834 cat")
    cloud.has_model()
    cloud.creates(done)

    assert json.loads(rcli(*RUN, "--json", env=cloud.env)) == done
