"""``rcli doctor``: what it finds wrong, and the mend that it names."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from rcli.records import Json
from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import TOKEN, Cloud, cloud
from tests.conftest import Run, environment
from tests.processes import command
from tests.recording_server import json_answer, page

__all__ = ["cloud"]

ACCOUNT = json_answer({"type": "user", "username": "bob"})
REFUSED = json_answer({"title": "Unauthenticated", "detail": "no valid token", "status": 401}, 401)

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
BOUND = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if IS_ROOT else ()
"""What makes a folder's rights count for root as well."""


@pytest.fixture
def well(cloud: Cloud) -> Cloud:
    """A cloud that takes the token."""
    cloud.api.answer("GET /v1/account", ACCOUNT)
    return cloud


def findings(rcli: Run, *words: str, exit_code: int = 0, **more: Any) -> dict[str, Json]:
    """What is found, by topic."""
    ran = rcli("doctor", "--json", *words, **more)
    assert ran.exit_code == exit_code, ran
    return {each["topic"]: each for each in json.loads(ran)}


def test_where_all_is_well_nothing_has_to_be_mended(warm_rcli: Run, well: Cloud) -> None:
    warm_rcli("run", "rcli/hello", "text=x")

    found = findings(warm_rcli, env=well.env)
    quiet = warm_rcli("doctor", "-q", env=well.env)

    assert set(found) == {
        *("python", "uv", "models", "config", "folders", "disk", "terminal", "engine"),
        *("host replicate", "clock"),
    }
    assert {each["state"] for each in found.values()} == {"good"}
    assert "cog 0." in found["models"]["said"]
    assert "coglet 0." in found["models"]["said"]
    assert found["engine"]["said"].startswith("answers at http://127.0.0.1:")
    assert found["host replicate"]["said"] == "signed in as bob; the token is from REPLICATE_API_TOKEN"
    assert found["clock"]["said"] == "agrees with replicate"
    assert (quiet, quiet.exit_code) == ("", 0)


def test_the_token_is_told_nowhere(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/account", REFUSED)

    ran = rcli("doctor", env=cloud.env)

    assert TOKEN not in ran + ran.stderr


def test_in_a_pipe_each_finding_is_a_line_with_its_mend(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/account", REFUSED)

    ran = rcli("doctor", "--quiet", env=cloud.env)

    assert ran == (
        "problem\thost replicate\tthe token from REPLICATE_API_TOKEN is not taken: no valid token"
        "\tREPLICATE_API_TOKEN is what is wrong, and wins over rcli auth login: unset REPLICATE_API_TOKEN\n"
    )
    assert ran.exit_code == 1


def test_on_a_terminal_the_mend_stands_below(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/account", REFUSED)

    lines = rcli("doctor", env=cloud.env, terminal=True).splitlines()

    told = next(number for number, line in enumerate(lines) if line.startswith("✗ host replicate"))
    assert lines[told + 1].strip().startswith("→ REPLICATE_API_TOKEN is what is wrong")
    assert any(line.startswith("✓ python") for line in lines)


def test_who_is_not_signed_in_learns_how(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/account", REFUSED)

    found = findings(rcli, env={"REPLICATE_BASE_URL": cloud.api.url})

    assert found["host replicate"]["state"] == "note"
    assert found["host replicate"]["mend"] == "rcli auth login"
    assert "authorization" not in {name.lower() for each in cloud.api.requests for name in each.headers}


def test_a_token_of_cog_login_is_told_apart(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/account", REFUSED)

    env = cloud.env | {"REPLICATE_API_TOKEN": "k1" * 20}
    found = findings(rcli, env=env, exit_code=1)

    assert found["host replicate"]["said"].endswith(
        "those of cog login (https://replicate.com/auth/token) can do nothing but push"
    )


def test_a_token_of_another_service_is_not_even_sent(rcli: Run, well: Cloud) -> None:
    env = well.env | {"REPLICATE_API_TOKEN": "hf_" + "x" * 34}

    found = findings(rcli, env=env, exit_code=1)

    assert "not a token of Replicate's API" in found["host replicate"]["said"]
    assert well.api.requests == []


@pytest.mark.parametrize(("signed_in", "state"), [(True, "problem"), (False, "warning")])
def test_a_host_that_does_not_answer_is_worse_for_who_uses_it(rcli: Run, signed_in: bool, state: str) -> None:
    env = {"REPLICATE_BASE_URL": "http://127.0.0.1:9"} | ({"REPLICATE_API_TOKEN": TOKEN} if signed_in else {})

    found = findings(rcli, env=env, exit_code=int(signed_in))

    assert found["host replicate"]["state"] == state
    assert "connection refused" in found["host replicate"]["said"]


def test_a_captive_portal_is_no_host(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/account", page())

    found = findings(rcli, env=cloud.env, exit_code=1)

    assert "a web page" in found["host replicate"]["said"]


class Elsewhen(BaseHTTPRequestHandler):
    """A host whose clock is an offset of seconds away from ours."""

    ahead = 0.0

    def do_GET(self) -> None:
        body = b'{"type": "user", "username": "bob"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(time.time() + self.ahead, usegmt=True)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def elsewhen(request: pytest.FixtureRequest) -> Iterator[str]:
    handler = type("Shifted", (Elsewhen,), {"ahead": request.param})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("elsewhen", "state", "side"),
    [(120, "warning", "behind"), (3600, "problem", "behind"), (-3600, "problem", "ahead of")],
    indirect=["elsewhen"],
)
def test_a_clock_that_is_off_is_measured_by_the_host_s(
    rcli: Run, elsewhen: str, state: str, side: str
) -> None:
    env = {"REPLICATE_BASE_URL": elsewhen, "REPLICATE_API_TOKEN": TOKEN}

    found = findings(rcli, env=env, exit_code=int(state == "problem"))

    assert found["clock"]["state"] == state
    assert f"s {side} replicate" in found["clock"]["said"]
    assert found["clock"]["mend"]


def test_a_broken_config_is_a_finding_with_its_line(rcli: Run, home: Path) -> None:
    file = home / "rcli" / "config" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('host = "local"\nlibrary = \n')

    found = findings(rcli, exit_code=1)

    assert found["settings"]["state"] == "problem"
    assert "line 2" in found["settings"]["said"]


def test_a_default_host_that_is_not_there_is_a_problem(rcli: Run, well: Cloud) -> None:
    found = findings(rcli, env=well.env | {"RCLI_HOST": "replicat"}, exit_code=1)
    told = rcli("account", env=well.env | {"RCLI_HOST": "replicat"})

    assert found["settings"]["said"] == "there is no host 'replicat', which RCLI_HOST names"
    assert found["settings"]["mend"] == "did you mean replicate?"
    assert told.stderr.startswith("error: there is no host 'replicat', which RCLI_HOST names\n")


def test_a_config_that_says_what_cannot_be_is_a_problem_with_its_mend(rcli: Run, home: Path) -> None:
    file = home / "rcli" / "config" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('[tokens]\n"https://api.replicate.com/v1" = 3\n')

    found = findings(rcli, exit_code=1)

    assert found["settings"]["said"].startswith(f"{file}:1: [tokens] maps base URLs")
    assert found["settings"]["mend"] == "rcli config edit"


def test_a_config_that_others_can_read_is_closed_by_its_mend(rcli: Run, home: Path, well: Cloud) -> None:
    rcli("config", "set", "library", "on")
    file = home / "rcli" / "config" / "config.toml"
    file.chmod(0o644)

    found = findings(rcli, env=well.env)
    os.system(found["config"]["mend"])

    assert found["config"]["state"] == "warning"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_disk_that_is_too_full_for_the_engine_is_a_problem(rcli: Run, well: Cloud) -> None:
    rcli("config", "set", "engine.disk_reserve", "999999999")

    found = findings(rcli, env=well.env, exit_code=1)

    assert found["disk"]["state"] == "problem"
    assert found["disk"]["mend"] == "rcli cache prune"


def test_folders_that_cannot_be_written_are_told_with_what_belongs_there(
    rcli: Run, home: Path, well: Cloud
) -> None:
    root = home / "rcli"
    (root / "config").mkdir()
    root.joinpath("data").write_text("a file where a folder has to be")

    found = findings(rcli, env=well.env, exit_code=1)

    assert found["folders"] == {
        "topic": "folders",
        "state": "problem",
        "said": f"cannot write the engine's data, webhook events: {root}/data: is no folder",
        "mend": f"mv {root}/data {root}/data.old",
    }


def test_the_mend_of_a_file_in_a_folder_s_place_mends_it(rcli: Run, home: Path, well: Cloud) -> None:
    (home / "file").write_text("mine")
    env = well.env | {"RCLI_HOME": str(home / "file")}

    os.system(findings(rcli, env=env, exit_code=1)["folders"]["mend"])
    found = findings(rcli, env=env)

    assert found["folders"]["state"] == "good"
    assert (home / "file.old").read_text() == "mine"


def test_a_place_where_nobody_can_write_sends_rcli_s_files_elsewhere(rcli: Run, well: Cloud) -> None:
    found = findings(rcli, env=well.env | {"RCLI_HOME": "/proc/rcli"}, exit_code=1)

    assert found["folders"]["said"].startswith(
        "cannot write settings, outputs, the engine's data, webhook events, environments: /proc: "
    )
    assert found["folders"]["mend"] == 'export RCLI_HOME="$HOME/rcli"'


def test_outputs_that_have_no_place_are_told_with_their_setting(rcli: Run, well: Cloud) -> None:
    rcli("config", "set", "output_dir", "/proc/outputs")

    found = findings(rcli, env=well.env, exit_code=1)

    assert found["folders"]["said"].startswith("cannot write outputs: /proc: ")
    assert found["folders"]["mend"] == "rcli config set output_dir ~/outputs"


def test_trying_the_folders_leaves_nothing_there(rcli: Run, home: Path, well: Cloud) -> None:
    before = sorted(home.rglob("*"))

    found = findings(rcli, env=well.env)

    assert found["folders"]["state"] == "good"
    assert sorted(home.rglob("*")) == before


@pytest.mark.skipif(IS_ROOT and not shutil.which("setpriv"), reason="root may write everywhere")
@pytest.mark.parametrize("mode", [0o500, 0o000])
def test_rights_that_are_missing_are_given_back_by_the_mend(tmp_path: Path, mode: int) -> None:
    root = tmp_path / "rcli"
    root.mkdir(mode=mode)
    argv = [*BOUND, *command("doctor", "--json", "--host", "local")]

    def asked() -> dict[str, Json]:
        ran = subprocess.run(argv, env=environment(tmp_path), capture_output=True, check=False)
        return {each["topic"]: each for each in json.loads(ran.stdout)}

    found = asked()["folders"]
    os.system(found["mend"])

    assert found["mend"] == f"chmod u+rwx {root}"
    assert "Permission denied" in found["said"]
    assert asked()["folders"]["state"] == "good"


def test_a_library_that_is_none_is_a_warning_since_all_runs_without_it(
    rcli: Run, home: Path, well: Cloud
) -> None:
    file = home / "rcli" / "config" / "library.db"
    file.parent.mkdir()
    file.write_bytes(b"no database" * 999)

    found = findings(rcli, env=well.env)

    assert found["library"]["state"] == "warning"
    assert f"the library {file} cannot be read" in found["library"]["said"]
    assert found["library"]["mend"] == f"move {file}* away to begin a new one"


def test_a_sound_library_is_no_finding(warm_rcli: Run, well: Cloud) -> None:
    warm_rcli("run", "rcli/hello", "text=x")

    assert "library" not in findings(warm_rcli, env=well.env)


def test_an_engine_that_could_not_go_on_says_why(rcli: Run, home: Path, well: Cloud) -> None:
    log = home / "rcli" / "data" / "engine" / "engine.log"
    log.parent.mkdir(parents=True)
    log.write_text("error: the engine's database cannot be written: disk I/O error\n")

    found = findings(rcli, env=well.env)

    assert found["engine"]["state"] == "warning"
    assert "disk I/O error" in found["engine"]["said"]
    assert found["engine"]["mend"] == "rcli serve logs"


def test_a_project_is_looked_at_where_it_is(warm_rcli: Run, well: Cloud, tmp_path: Path) -> None:
    found = findings(warm_rcli, env=well.env, cwd=PROJECTS / "echo")

    assert found["project"]["state"] == "good"
    assert found["project"]["said"].startswith("cog.yaml is sound: 2 files, 1 input")
    assert {"docker", "cog", "cog login"} <= set(found)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ('run: "run.py:run"\nbuild:\n  pythn_version: "3.12"\n', "pythn_version"),
        ('run: "run.py:missing"\n', "missing"),
        ('run: "run.py:run"\nbuild:\n  python_version: "3.99"\n', "3.99"),
    ],
)
def test_a_project_that_cannot_run_is_a_problem(
    warm_rcli: Run, well: Cloud, tmp_path: Path, config: str, told: str
) -> None:
    (tmp_path / "cog.yaml").write_text(config)
    (tmp_path / "run.py").write_text("def run(text: str) -> str:\n    return text\n")

    found = findings(warm_rcli, env=well.env, exit_code=1)

    assert found["project"]["state"] == "problem"
    assert told in found["project"]["said"]


def test_what_only_a_container_gives_is_a_warning_and_nothing_is_registered(
    warm_rcli: Run, well: Cloud, tmp_path: Path
) -> None:
    folder = tmp_path / "never-registered"
    folder.mkdir()
    (folder / "cog.yaml").write_text('run: "run.py:run"\nbuild:\n  gpu: true\n  cuda: "12.4"\n')
    (folder / "run.py").write_text("def run(text: str) -> str:\n    return text\n")

    ran = warm_rcli("doctor", env=well.env, cwd=folder)
    models = warm_rcli("models", "list", "--host", "local", "-q")

    assert "warning\tproject\tbuild.cuda 12.4 has no effect" in ran
    assert ran.exit_code == 0
    assert "folder/never-registered" not in models


def test_an_engine_that_cannot_start_is_told_with_all_the_rest(rcli: Run, home: Path, well: Cloud) -> None:
    (home / "rcli" / "data").write_text("a file where a folder has to be")

    found = findings(rcli, env=well.env, exit_code=1, cwd=PROJECTS / "echo")

    assert found["project"]["state"] == "problem"
    assert "rcli/data" in found["project"]["said"]
    assert found["host replicate"]["state"] == "good"


def test_one_host_alone_is_asked(rcli: Run, well: Cloud) -> None:
    rcli("config", "set", "hosts.dead.url", "http://127.0.0.1:9/v1")

    assert "host dead" not in findings(rcli, "--host", "replicate", env=well.env)
    assert rcli("doctor", "--host", "nowhere", env=well.env).exit_code == 2


def test_a_person_s_terminal_is_asked_for_its_pictures(shell: Shell) -> None:
    session = shell.terminal("doctor", columns=160, env={"REPLICATE_BASE_URL": "http://127.0.0.1:9"})

    assert session.end() == 0
    assert "pictures are shown in half blocks of colour" in session.text
