"""What commands print: on a terminal for eyes, in a pipe for programs, and never less than whole."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyte
import pytest

from rcli.records import Json
from tests.cloud import FILES, ID, PNG, TEXT, TEXT_STREAM, VERSION, Cloud, cloud, prediction
from tests.conftest import Result, Run, environment
from tests.processes import PATIENCE, ROOT, command
from tests.recording_server import json_answer, problem

__all__ = ["cloud"]

RUN = ("run", "stability-ai/sdxl", "-i", "prompt=a cat")


def seen(text: str, columns: int = 100) -> str:
    """What a person sees of it on a terminal."""
    screen = pyte.Screen(columns, 60)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    return "\n".join(line.rstrip() for line in screen.display).rstrip("\n")


def on_terminal(rcli: Run, *argv: str, env: dict[str, str]) -> Result:
    return rcli(*argv, env=env | {"COLUMNS": "100"}, terminal=True)


@pytest.fixture
def listed(cloud: Cloud) -> Cloud:
    """Two predictions, the second with a name that wants to paint the terminal."""
    created = (datetime.now(UTC) - timedelta(hours=2, minutes=1)).isoformat()
    rows = [
        prediction("succeeded", id="p1", created_at=created, metrics={"predict_time": 1.234}),
        prediction("failed", id="p2", created_at=created, model="evil/\x1b[31mred\x1b[0m\ttab"),
    ]
    cloud.api.answer("GET /v1/predictions", json_answer({"next": None, "results": rows}))
    return cloud


# tables


def test_a_list_is_a_table_on_a_terminal(rcli: Run, listed: Cloud) -> None:
    result = on_terminal(rcli, "predictions", "list", env=listed.env)

    assert seen(result) == (
        "ID  MODEL              STATUS     TIME    CREATED\n"
        "p1  stability-ai/sdxl  succeeded  1.23 s  2 h ago\n"
        "p2  evil/red tab       failed             2 h ago"
    )
    assert (result.stderr, result.exit_code) == ("", 0)


def test_a_list_is_tab_separated_in_a_pipe(rcli: Run, listed: Cloud) -> None:
    result = rcli("predictions", "list", env=listed.env)

    rows = [line.split("\t") for line in result.splitlines()]
    assert [row[:4] for row in rows] == [
        ["p1", "stability-ai/sdxl", "succeeded", "1.23 s"],
        ["p2", "evil/red tab", "failed", ""],
    ]
    assert [datetime.fromisoformat(row[4]).tzinfo for row in rows] == [UTC, UTC]


def test_an_empty_list_is_told_to_a_person_alone(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/predictions", json_answer({"next": None, "results": []}))

    terminal = on_terminal(rcli, "predictions", "list", env=cloud.env)
    pipe = rcli("predictions", "list", env=cloud.env)

    assert (terminal, terminal.stderr) == ("", "none\n")
    assert (pipe, pipe.stderr) == ("", "")


def test_quiet_lists_print_ids_alone(rcli: Run, listed: Cloud) -> None:
    for result in (
        rcli("predictions", "list", "-q", env=listed.env),
        on_terminal(rcli, "predictions", "list", "-q", env=listed.env),
    ):
        assert (result, result.stderr) == ("p1\np2\n", "")


# fields


def test_fields_are_aligned_on_a_terminal(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(TEXT, description="paints\x1b]0;gotcha\x07 well")

    result = on_terminal(rcli, "models", "show", "stability-ai/sdxl", env=cloud.env)

    assert seen(result) == (
        "model        stability-ai/sdxl\n"
        "description  paints well\n"
        "runs         7\n"
        f"version      {VERSION}\n"
        "created      2024-01-01T00:00:00Z"
    )
    assert "gotcha" not in result.replace("paints well", "")


def test_fields_are_tab_separated_in_a_pipe(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(TEXT, description="paints well")

    result = rcli("models", "show", "stability-ai/sdxl", env=cloud.env)

    assert result == (
        "model\tstability-ai/sdxl\n"
        "description\tpaints well\n"
        "runs\t7\n"
        f"version\t{VERSION}\n"
        "created\t2024-01-01T00:00:00Z\n"
    )


# JSON


@pytest.fixture
def account(cloud: Cloud) -> Json:
    raw = {"name": "é\x1b[31m", "owner": "stability-ai", "new": [1, None, {"a": True}]}
    cloud.api.answer("GET /v1/models/stability-ai/sdxl", json_answer(raw))
    return raw


def test_json_is_one_line_and_exact_in_a_pipe(rcli: Run, cloud: Cloud, account: Json) -> None:
    result = rcli("models", "show", "stability-ai/sdxl", "--json", env=cloud.env)

    assert result == json.dumps(account, ensure_ascii=False) + "\n"


def test_json_is_indented_and_harmless_on_a_terminal(rcli: Run, cloud: Cloud, account: Json) -> None:
    result = on_terminal(rcli, "models", "show", "stability-ai/sdxl", "--json", env=cloud.env)

    assert seen(result) == json.dumps(account, ensure_ascii=False, indent=2)
    assert "\x1b[31m" not in result


@pytest.mark.parametrize(
    ("expression", "printed"),
    [
        (".owner", "stability-ai\n"),
        (".new", '[1, null, {"a": true}]\n'),
        (".new[]", '1\nnull\n{"a": true}\n'),
        (".nothing", "null\n"),
        ("empty", ""),
    ],
)
def test_a_filter_prints_what_jq_would(
    rcli: Run, cloud: Cloud, account: Json, expression: str, printed: str
) -> None:
    result = rcli("models", "show", "stability-ai/sdxl", "--jq", expression, env=cloud.env)

    assert (result, result.exit_code) == (printed, 0)


@pytest.mark.parametrize("expression", [".[", ".owner.name", "nope"])
def test_a_filter_that_fails_is_a_usage_error(
    rcli: Run, cloud: Cloud, account: Json, expression: str
) -> None:
    result = rcli("models", "show", "stability-ai/sdxl", "--jq", expression, env=cloud.env)

    assert (result, result.exit_code) == ("", 2)
    assert result.stderr.startswith("error: --jq: ")
    assert result.stderr.endswith("\nhint: the language: https://jqlang.org/manual\n")


# text and files


def test_text_is_exact_in_a_pipe(rcli: Run, cloud: Cloud) -> None:
    text = "\x1b[31mred\x1b[0m\r\n\ttab \u202e no newline"
    cloud.has_model(TEXT)
    cloud.creates(prediction("starting"), prediction("succeeded", output=text))

    assert rcli(*RUN, env=cloud.env).data == text.encode()


def test_text_is_harmless_and_ends_its_line_on_a_terminal(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(TEXT_STREAM)
    pieces = ["a\x1b", "[31mb\x1b]0;title", "\x07c\td\x00\x9b2J\n", "end"]
    cloud.creates(prediction("starting"), prediction("succeeded", output=pieces))

    assert on_terminal(rcli, *RUN, env=cloud.env) == "abc\td\nend\n"


def test_a_terminal_shows_host_version_path_and_times(rcli: Run, home: Path, cloud: Cloud) -> None:
    cloud.has_model(FILES)
    metrics = {"predict_time": 2.5, "total_time": 75.2}
    done = prediction("succeeded", output=[cloud.offers("out-0.png")], metrics=metrics)
    cloud.creates(prediction("starting"), done)

    result = on_terminal(rcli, *RUN, "--progress", "none", env=cloud.env | {"COLUMNS": "300"})

    picture = home / "rcli" / "config" / "outputs" / ID / "out-0.png"
    assert seen(result, 300) == str(picture)
    assert picture.as_uri() in result
    assert result.stderr == (
        f"replicate · stability-ai/sdxl:{VERSION[:12]}\n"
        f"{len(PNG) / 1000:.1f} kB\n"
        "succeeded in 1:15 min · ran 2.50 s · "
        "cost unknown (to tell it: rcli config set price.stability-ai/sdxl SKU) · "
        f"saved as {picture} · {ID}\n"
    )


def test_bytes_do_not_go_to_a_terminal(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(FILES)
    cloud.creates(prediction("starting"), prediction("succeeded", output=[cloud.offers("out-0.png")]))

    terminal = on_terminal(rcli, *RUN, "-o", "-", "--progress", "none", env=cloud.env)
    pipe = rcli(*RUN, "-o", "-", env=cloud.env)

    assert (seen(terminal).endswith("out-0.png"), terminal.exit_code) == (True, 0)
    assert "warning: binary data does not go to a terminal" in seen(terminal.stderr)
    assert pipe.data == PNG


def test_a_broken_download_puts_no_byte_into_a_pipe(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(FILES)
    url = f"{cloud.delivery.url}/pbxt/gone.png"
    cloud.creates(prediction("starting"), prediction("succeeded", output=[url]))

    result = rcli(*RUN, "-o", "-", env=cloud.env)

    assert (result.data, result.exit_code) == (b"", 1)


def test_the_answer_stays_when_its_file_cannot_be_fetched(rcli: Run, cloud: Cloud) -> None:
    done = prediction("succeeded", output=[f"{cloud.delivery.url}/pbxt/gone.png"])
    cloud.has_model(FILES)
    cloud.creates(prediction("starting"), done)

    result = rcli(*RUN, "--json", env=cloud.env)

    assert (json.loads(result), result.exit_code) == (done, 1)


def test_progress_in_a_pipe_is_a_line_for_each_phase(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(TEXT)
    cloud.creates(prediction("starting"), prediction("processing"), prediction("succeeded", output="hi"))

    result = rcli(*RUN, "--progress", "plain", env=cloud.env)

    lines = [re.sub(r"\(\d+\.\d s\)", "(… s)", line) for line in result.stderr.splitlines()]
    assert result == "hi"
    assert lines == [
        "stability-ai/sdxl: connecting: to replicate (… s)",
        "replicate · stability-ai/sdxl: queue or cold start (… s)",
        "replicate · stability-ai/sdxl: running (… s)",
        "replicate · stability-ai/sdxl: succeeded (… s)",
        "succeeded · cost unknown (to tell it: rcli config set price.stability-ai/sdxl SKU) · "
        f"output on stdout · {ID}",
    ]


# errors


def test_errors_are_plain_in_a_pipe(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/predictions", problem(402, detail="no\x1b[31m credit"))

    result = rcli("predictions", "list", env=cloud.env)

    assert result.stderr == "error: no credit\nhint: https://replicate.com/account/billing\n"
    assert (result, result.exit_code) == ("", 6)


def test_errors_are_coloured_on_a_terminal(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/predictions", problem(402, detail="no\x1b[5m credit"))

    result = on_terminal(rcli, "predictions", "list", env=cloud.env)

    assert seen(result.stderr) == "error: no credit\nhint: https://replicate.com/account/billing"
    assert "\x1b[1;31merror:" in result.stderr
    assert "\x1b[5m" not in result.stderr


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "TERM=dumb"])
def test_colours_can_be_switched_off(rcli: Run, listed: Cloud, env: dict[str, str]) -> None:
    table = on_terminal(rcli, "predictions", "list", env=listed.env | env)
    refused = on_terminal(rcli, "predictions", "show", "nothing", env=listed.env | env)

    assert "\x1b[3" not in table + refused.stderr
    assert refused.exit_code == 1


def test_plain_output_has_no_control_sequences(rcli: Run, listed: Cloud) -> None:
    table = on_terminal(rcli, "predictions", "list", "--plain", env=listed.env)
    refused = on_terminal(rcli, "predictions", "show", "nothing", "--plain", env=listed.env)

    assert "\x1b" not in table + refused.stderr


def test_colours_can_be_forced_on_what_people_read_but_not_on_data(rcli: Run, listed: Cloud) -> None:
    env = listed.env | {"FORCE_COLOR": "1"}

    table = rcli("predictions", "list", env=env)
    refused = rcli("predictions", "show", "nothing", env=env)

    assert "\x1b" not in table
    assert "\x1b[1;31merror:" in refused.stderr


# readers that leave, disks that are full


def through(home: Path, script: str) -> tuple[str, str, int]:
    """What a shell's pipeline prints; ``rcli`` in it is ours."""
    program = " ".join(command())
    done = subprocess.run(
        ["bash", "-c", f'rcli() {{ {program} "$@"; }}; set -o pipefail; {script}'],
        env=environment(home) | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return done.stdout, done.stderr, done.returncode


@pytest.mark.parametrize("words", ["--help", "run --help", "config list", "config list --json"])
def test_a_reader_that_leaves_ends_it_quietly(home: Path, words: str) -> None:
    out, err, code = through(home, f"rcli {words} | true")

    assert (out, err) == ("", "")
    assert code in (0, 141)  # nothing is wrong either if it had written before the reader left


def test_the_first_line_of_the_help_can_be_read(home: Path) -> None:
    out, err, _ = through(home, "rcli --help | head -n 1")

    assert (out.strip(), err) == ("Usage: rcli [OPTIONS] COMMAND [ARGS]...", "")


@pytest.mark.parametrize("words", ["--version", "--help", "config list", "config list --json", "config path"])
def test_a_full_disk_behind_the_output_is_an_error(home: Path, words: str) -> None:
    _, err, code = through(home, f"rcli {words} > /dev/full")

    assert (err, code) == ("error: cannot write the output: No space left on device\n", 1)


def test_a_full_disk_behind_the_errors_changes_no_exit_code(home: Path) -> None:
    out, _, code = through(home, "rcli predictions show nothing --host nowhere 2> /dev/full")

    assert (out, code) == ("", 2)


@pytest.mark.parametrize("words", ["config path", "config list --json", "--help"])
def test_output_that_has_nowhere_to_go_is_an_error(home: Path, words: str) -> None:
    _, err, code = through(home, f"rcli {words} >&-")

    assert (err, code) == ("error: cannot write the output: Bad file descriptor\n", 1)


def test_a_command_without_output_needs_no_place_for_it(home: Path) -> None:
    _, err, code = through(home, "rcli serve stop >&-")

    assert (err, code) == ("the engine does not run\n", 0)


def test_closed_errors_change_nothing(home: Path) -> None:
    out, _, code = through(home, "rcli config path 2>&-")

    assert (out.strip().endswith("config.toml"), code) == (True, 0)


def test_no_streams_at_all_are_survived(home: Path) -> None:
    _, _, code = through(home, "rcli config path <&- >&- 2>&-")

    assert code == 1
