"""``rcli push``: a folder becomes a version of a model, here or, with the help of cog, on Replicate."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import Cloud, cloud
from tests.conftest import Result, Run
from tests.processes import PATIENCE, Process

__all__ = ["cloud"]

SOURCE = """from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, n: int) -> int:
        return n
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "cog.yaml").write_text("run: run.py:Runner\n")
    (folder / "run.py").write_text(SOURCE)
    return folder


def edit(project: Path, answer: str) -> None:
    """In one step: whoever watches never sees a file that is half written."""
    fresh = project.with_name("run.py.new")
    fresh.write_text(SOURCE.replace("return n", f"return {answer}"))
    fresh.rename(project / "run.py")


def versions(shell: Shell, model: str) -> list[str]:
    """The ids of a local model's versions, the newest first."""
    url = json.loads(shell.run("serve", "status", "--json"))["url"]
    token = shell.run("auth", "token", "--host", "local").strip()
    headers = {"authorization": f"Bearer {token}"}
    answer = httpx.get(f"{url}/v1/models/{model}/versions", headers=headers).json()
    return [version["id"] for version in answer["results"]]


def until(true: Callable[[], bool]) -> bool:
    """Waits for what nothing tells about; false when it does not happen."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


# to this machine


def test_a_pushed_folder_is_a_model_that_runs_without_it(warm_shell: Shell, project: Path) -> None:
    pushed = warm_shell.run("push", str(project), "local:me/runs")
    shutil.rmtree(project)
    ran = warm_shell.run("run", "local:me/runs", "n=4")

    assert re.fullmatch(r"me/runs:[0-9a-f]{64}\n", pushed)
    assert (pushed.stderr, pushed.exit_code) == ("", 0)
    assert (ran, ran.exit_code) == ("4\n", 0)
    assert "me/runs" in warm_shell.run("models", "list", "--host", "local", "-n", "100", "-q").split()


def test_the_folder_may_be_left_out_and_without_a_sign_in_it_is_this_machine(
    warm_shell: Shell, project: Path
) -> None:
    named = warm_shell.run("push", "me/here", "-q", cwd=project)
    by_name = warm_shell.run("push", "project", "me/here", "-q", cwd=project.parent)

    assert named.exit_code == 0
    assert named == by_name == versions(warm_shell, "me/here")[0] + "\n"


def test_a_person_sees_what_was_taken_and_how_to_run_it(warm_shell: Shell, project: Path) -> None:
    told = warm_shell.run("push", str(project), "me/person", "--plain", terminal=True)

    size = sum(file.stat().st_size for file in project.iterdir())
    assert told.stderr.splitlines() == [
        "local · me/person",
        f"2 files, {size} B · 1 input · the environment can be made",
        "rcli run local:me/person -i n=…",
    ]
    assert told == f"me/person:{versions(warm_shell, 'me/person')[0]}\n"


def test_the_same_content_is_said_to_be_unchanged(warm_shell: Shell, project: Path) -> None:
    first = warm_shell.run("push", str(project), "local:me/same")
    again = warm_shell.run("push", str(project), "local:me/same")
    as_json = json.loads(warm_shell.run("push", str(project), "local:me/same", "--json"))

    assert again == first
    assert again.stderr == "unchanged: me/same has this version already\n"
    assert versions(warm_shell, "me/same") == [as_json["id"]]
    assert as_json["openapi_schema"]["components"]["schemas"]["Input"]["required"] == ["n"]


def test_warnings_are_those_of_a_run(warm_shell: Shell, project: Path) -> None:
    if shutil.which("nvidia-smi") is not None:
        pytest.fail("this test describes a machine without a GPU")
    (project / "cog.yaml").write_text("run: run.py:Runner\nbuild:\n  gpu: true\n")

    told = warm_shell.run("push", str(project), "local:me/warned")

    assert told.stderr.startswith("warning: the project asks for a GPU and this machine has none")
    assert told.exit_code == 0


def test_another_project_file_makes_another_version(warm_shell: Shell, project: Path) -> None:
    (project / "other.yaml").write_text("run: other.py:Runner\n")
    (project / "other.py").write_text(SOURCE.replace("return n", "return n * 7"))

    warm_shell.run("push", str(project), "local:me/other", "-f", "other.yaml")

    assert warm_shell.run("run", "local:me/other", "n=6") == "42\n"


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("run.py", SOURCE.replace("-> int", ""), "error: run.py:5: "),
        ("cog.yaml", "run: run.py:Runner\nbuild: [\n", "error: cog.yaml:3: "),
        ("cog.yaml", "run: run.py:Runner\nbiuld:\n  gpu: true\n", "error: cog.yaml:2: unknown key biuld"),
    ],
)
def test_an_error_in_the_project_has_its_line_and_registers_nothing(
    warm_shell: Shell, project: Path, file: str, text: str, message: str
) -> None:
    (project / file).write_text(text)

    told = warm_shell.run("push", str(project), "local:me/broken")

    assert told.stderr.startswith(message)
    assert "\nhint: " in told.stderr
    assert (told, told.exit_code) == ("", 2)
    assert warm_shell.run("models", "show", "local:me/broken").exit_code == 1


@pytest.mark.parametrize(
    ("words", "message", "exit_code"),
    [
        (["local:rcli/hello"], "error: The models of rcli/… come with rcli and cannot be changed\n", 4),
        (["local:me/Model"], "error: 'me/Model' cannot be a model's name: owner/name, of letters", 2),
        (["local:me/m:" + "a" * 64], "error: 'local:me/m:", 2),
        (["deployments/me/m"], "error: 'deployments/me/m' is no model to push to\nhint: rcli push", 2),
        (["me/m", "--host", "nowhere"], "error: there is no host 'nowhere'\n", 2),
        (["."], "error: where to is missing\nhint: rcli push . local:me/model", 2),
        ([], "error: where to is missing\n", 2),
        ([".", "me/m", "more"], "error: 'more' is too much", 2),
        (["./nowhere", "local:me/m"], "error: there is no folder ", 1),
        (["--watch", "r8.im/me/m"], "error: --watch registers on this machine alone\n", 2),
    ],
)
def test_what_cannot_be_pushed_is_explained(
    warm_shell: Shell, project: Path, words: list[str], message: str, exit_code: int
) -> None:
    told = warm_shell.run("push", *words, cwd=project)

    assert told.stderr.startswith(message)
    assert (told, told.exit_code) == ("", exit_code)


def test_another_host_takes_no_folders(rcli: Run, project: Path) -> None:
    rcli("config", "set", "hosts.work.url", "https://models.example.com")

    told = rcli("push", ".", "work:me/model", cwd=project)

    assert told.stderr == (
        "error: work takes no folders: a version comes there through a registry, which rcli does not know\n"
        "hint: rcli push . local:me/model\n"
    )
    assert told.exit_code == 2


def test_a_pushed_model_outlives_an_upgrade_and_a_pruning(shell: Shell, project: Path) -> None:
    (shell.home / "rcli" / "cache").unlink()  # nothing of the other tests' environments may go
    shell.run("push", str(project), "local:me/kept")
    shutil.rmtree(project)
    state = shell.home / "rcli" / "data" / "engine" / "engine.json"
    former = json.loads(state.read_text())
    state.write_text(json.dumps(former | {"version": "0.0.1"}))

    ran = shell.run("run", "local:me/kept", "n=5")
    shell.run("serve", "stop")
    for snapshot in (state.parent / "snapshots").iterdir():
        os.utime(snapshot, (1, 1))
    shell.run("cache", "prune", "--all")
    again = shell.run("run", "local:me/kept", "n=6")

    assert shell.engine()["pid"] != former["pid"]
    assert (ran, again) == ("5\n", "6\n")


# watching


def lines(process: Process) -> list[list[str]]:
    """Time, version and files of each line that is whole."""
    whole = process.stdout.decode().split("\n")[:-1]
    return [line.split("\t") for line in whole]


def has_lines(number: int) -> Callable[[Process], bool]:
    return lambda process: len(lines(process)) >= number


def watching(shell: Shell, project: Path, model: str) -> Process:
    """A watch that has registered the folder once."""
    process = shell.start("push", str(project), f"local:{model}", "--watch")
    process.until(has_lines(1))
    return process


def test_each_change_is_registered_and_takes_the_place_of_the_one_before(
    warm_shell: Shell, project: Path
) -> None:
    watch = watching(warm_shell, project, "me/watch")
    edit(project, "n + 1")
    watch.until(has_lines(2))
    edit(project, "n + 2")
    watch.until(has_lines(3))
    ran = warm_shell.run("run", "local:me/watch", "n=4")
    watch.signal(signal.SIGINT)

    code = watch.end()
    ids = [version.partition(":")[2] for _, version, *_ in lines(watch)]
    assert code == 130
    assert ran == "6\n"
    assert [row[2:] for row in lines(watch)] == [[], ["run.py"], ["run.py"]]
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d", row[0]) for row in lines(watch))
    assert versions(warm_shell, "me/watch") == [ids[-1]]
    assert len(set(ids)) == 3
    assert watch.stderr == f"me/watch:{ids[-1][:12]} stays\n"


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_other_signals_end_a_watch_too(warm_shell: Shell, project: Path, number: int, exit_code: int) -> None:
    watch = watching(warm_shell, project, f"me/signal-{number}")
    watch.signal(number)

    assert watch.end() == exit_code
    assert len(versions(warm_shell, f"me/signal-{number}")) == 1


def test_an_editor_s_way_to_save_is_one_change(warm_shell: Shell, project: Path) -> None:
    watch = watching(warm_shell, project, "me/editor")
    (project / ".run.py.swp").write_text("the editor's own")
    (project / "4913").write_text("")
    (project / "4913").unlink()
    shutil.copy(project / "run.py", project / "run.py~")
    (project / "run.py.tmp").write_text(SOURCE.replace("return n", "return n + 1"))
    os.replace(project / "run.py.tmp", project / "run.py")
    (project / "run.py~").unlink()
    watch.until(has_lines(2))
    edit(project, "n + 2")
    watch.until(has_lines(3))

    assert [row[2] for row in lines(watch)[1:]] == ["run.py", "run.py"]


def test_what_does_not_belong_to_the_project_is_no_change(warm_shell: Shell, project: Path) -> None:
    (project / ".dockerignore").write_text("*.log\ndata\n!data/kept.txt\n")
    (project / "data").mkdir()
    watch = watching(warm_shell, project, "me/ignored")
    for name in (".git/index", ".venv/x.py", "run.log", "data/big.bin", "__pycache__/run.pyc"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text("x")
    (project / "data" / "kept.txt").write_text("x")
    watch.until(has_lines(2))
    (project / ".dockerignore").write_text("*.log\n")
    watch.until(has_lines(3))

    assert [row[2] for row in lines(watch)[1:]] == ["data/kept.txt", ".dockerignore"]


def test_an_error_does_not_end_a_watch_and_the_next_save_mends_it(warm_shell: Shell, project: Path) -> None:
    watch = watching(warm_shell, project, "me/mended")
    (project / "run.py").write_text(SOURCE.replace("-> int", ""))
    watch.says("error: run.py:5: ")
    while_broken = versions(warm_shell, "me/mended")
    (project / "run.py").write_text(SOURCE)
    watch.until(has_lines(2))

    first, mended = (row[1] for row in lines(watch))
    assert first == mended == f"me/mended:{while_broken[0]}"


def test_a_watch_may_begin_with_an_error(warm_shell: Shell, project: Path) -> None:
    (project / "cog.yaml").write_text("run: [\n")
    watch = warm_shell.start("push", str(project), "local:me/begins", "--watch")
    watch.says("error: cog.yaml:2: ")
    (project / "cog.yaml").write_text("run: run.py:Runner\n")
    watch.until(has_lines(1))

    assert versions(warm_shell, "me/begins") == [lines(watch)[0][1].partition(":")[2]]


def test_a_watch_that_can_never_register_ends(warm_shell: Shell, project: Path) -> None:
    told = warm_shell.run("push", str(project), "local:rcli/hello", "--watch")

    assert told.stderr == "error: The models of rcli/… come with rcli and cannot be changed\n"
    assert told.exit_code == 4


def test_a_folder_that_goes_ends_its_watch(warm_shell: Shell, project: Path) -> None:
    watch = watching(warm_shell, project, "me/gone")
    project.rename(project.with_name("elsewhere"))

    assert watch.end() == 1
    assert watch.stderr == f"error: the folder {project} has gone\nhint: its last version stays\n"
    assert len(versions(warm_shell, "me/gone")) == 1


def test_a_watch_outlives_the_engine(shell: Shell, project: Path) -> None:
    watch = watching(shell, project, "me/outlives")
    shell.run("serve", "stop")
    edit(project, "n + 1")
    watch.until(has_lines(2))

    assert versions(shell, "me/outlives") == [lines(watch)[1][1].partition(":")[2]]


def test_a_former_version_goes_when_its_prediction_has_ended(warm_shell: Shell, tmp_path: Path) -> None:
    project = tmp_path / "gate"
    shutil.copytree(PROJECTS / "gate", project)
    watch = watching(warm_shell, project, "me/used")
    gate = tmp_path / "open"
    run = warm_shell.start("run", "local:me/used", f"until={gate}", "--progress", "plain")
    run.says("running")
    (project / "more.txt").write_text("more")
    watch.until(has_lines(2))
    while_used = versions(warm_shell, "me/used")
    gate.touch()
    run.end()

    former, latest = (row[1].partition(":")[2] for row in lines(watch))
    assert while_used == [latest, former]
    assert until(lambda: versions(warm_shell, "me/used") == [latest])


def test_a_watch_in_json_is_one_event_a_line(warm_shell: Shell, project: Path) -> None:
    watch = warm_shell.start("push", str(project), "local:me/events", "--watch", "--json")
    watch.until(has_lines(1))
    edit(project, "n + 1")
    watch.until(has_lines(2))

    first, second = (json.loads(line) for line in watch.stdout.splitlines())
    assert (first["event"], first["change"], first["changed"]) == ("registered", "new", [])
    assert (second["model"], second["changed"]) == ("me/events", ["run.py"])
    assert versions(warm_shell, "me/events") == [second["version"]["id"]]


def test_a_person_sees_a_watch_line_by_line(warm_shell: Shell, project: Path) -> None:
    session = warm_shell.terminal("push", str(project), "local:me/seen", "--watch", columns=240)
    session.shows("watching ", "me/seen:")
    edit(project, "n + 1")
    session.shows("  run.py")
    session.press("\x03")

    assert session.end() == 130
    (latest,) = versions(warm_shell, "me/seen")
    head, *rows = [line for line in session.lines if line]
    assert head == "local · me/seen"
    assert re.fullmatch(rf"\d\d:\d\d:\d\d  me/seen:{latest[:12]}  run\.py", rows[2])
    assert rows[3:] == ["^C", f"me/seen:{latest[:12]} stays"]


# to Replicate

DOCKER = """#!/bin/sh
# In place of Docker's program: it tells its server's version, or why there is none.
[ "$1 $2" = "info --format" ] || exit 64
[ -z "$DOCKER_DOWN" ] && echo 27.5.1 && exit 0
echo "$DOCKER_DOWN" >&2
exit 1
"""
COG = """#!/bin/sh
# In place of Replicate's cog: it tells its version, and what it was to push from where.
[ "$1" = --version ] && echo "cog version 0.23.1 (built 2026-08-21T22:16:55Z)" && exit 0
echo "cog $* in $PWD"
echo "building" >&2
exit "${COG_EXIT:-0}"
"""
HELPER = """#!/bin/sh
# In place of a credential helper of Docker's: it keeps one login.
read -r server
[ "$1 $server" = "get r8.im" ] || { echo "credentials not found in native keychain"; exit 1; }
echo '{"ServerURL": "r8.im", "Username": "me", "Secret": "token"}'
"""


class Machine:
    """A PATH of its own, with programs in it that stand for those of others; and Docker's configuration."""

    def __init__(self, folder: Path, cloud: Cloud) -> None:
        self.path = folder / "bin"
        self.docker = folder / "docker"
        self.path.mkdir()
        self.docker.mkdir()
        self.env = cloud.env | {"PATH": str(self.path), "DOCKER_CONFIG": str(self.docker)}

    def has(self, name: str, script: str) -> None:
        (self.path / name).write_text(script)
        (self.path / name).chmod(0o755)

    def knows(self, **config: object) -> None:
        (self.docker / "config.json").write_text(json.dumps(config))


@pytest.fixture
def machine(tmp_path: Path, cloud: Cloud) -> Machine:
    """Everything that a push to Replicate needs."""
    machine = Machine(tmp_path, cloud)
    machine.has("docker", DOCKER)
    machine.has("cog", COG)
    machine.knows(auths={"r8.im": {"auth": "bWU6dG9rZW4="}})
    cloud.has_model(name="me/model")
    return machine


def publish(shell: Shell, machine: Machine, project: Path, *more: str, **env: str) -> Result:
    return shell.run("push", str(project), "r8.im/me/model", *more, env=machine.env | env)


def test_cog_takes_over_when_everything_is_there(
    warm_shell: Shell, machine: Machine, project: Path, cloud: Cloud
) -> None:
    process = warm_shell.start("push", str(project), "r8.im/me/model", env=machine.env)

    assert process.end() == 0
    assert process.stdout.decode() == f"cog push r8.im/me/model in {project}\n"
    assert process.stderr == "building\n"
    assert [request.route for request in cloud.api.requests] == ["GET /v1/models/me/model"]


def test_the_exit_code_is_cog_s_and_the_file_is_passed_on(
    warm_shell: Shell, machine: Machine, project: Path
) -> None:
    (project / "cog.yaml").rename(project / "other.yaml")
    words = ["push", str(project), "replicate:me/model", "-f", "other.yaml"]
    process = warm_shell.start(*words, env=machine.env | {"COG_EXIT": "17"})

    assert process.end() == 17
    assert process.stdout.decode() == f"cog push r8.im/me/model -f other.yaml in {project}\n"


def test_a_signal_ends_cog_too(warm_shell: Shell, machine: Machine, project: Path) -> None:
    machine.has("cog", COG.replace('exit "', 'exec /bin/sleep 600\nexit "'))
    process = warm_shell.start("push", str(project), "r8.im/me/model", env=machine.env)
    process.says("building")
    process.signal(signal.SIGTERM)

    assert process.end() == 143


def test_the_model_that_cog_yaml_names_is_the_destination(
    warm_shell: Shell, machine: Machine, project: Path
) -> None:
    (project / "cog.yaml").write_text("run: run.py:Runner\nimage: r8.im/me/model\n")
    process = warm_shell.start("push", str(project), env=machine.env)

    assert process.end() == 0
    assert process.stdout.decode() == f"cog push r8.im/me/model in {project}\n"


def test_the_project_comes_first(warm_shell: Shell, machine: Machine, project: Path) -> None:
    (machine.path / "docker").unlink()
    (project / "run.py").write_text(SOURCE.replace("-> int", ""))

    told = publish(warm_shell, machine, project)

    assert told.stderr.startswith("error: run.py:5: ")
    assert told.exit_code == 2


def test_docker_has_to_be_there(warm_shell: Shell, machine: Machine, project: Path) -> None:
    (machine.path / "docker").unlink()
    (machine.path / "cog").unlink()

    told = publish(warm_shell, machine, project)

    assert told.stderr == (
        "error: Docker is not installed, and Cog builds with it\nhint: https://docs.docker.com/get-docker/\n"
    )
    assert told.exit_code == 1


@pytest.mark.parametrize(
    ("said", "message", "hint", "exit_code"),
    [
        ("Cannot connect to the Docker daemon", "Docker does not run: Cannot connect", "docker\n", 5),
        (
            "permission denied while trying to connect",
            "Docker cannot be used: permission",
            "sign in anew\n",
            4,
        ),
    ],
)
def test_docker_has_to_run(
    warm_shell: Shell, machine: Machine, project: Path, said: str, message: str, hint: str, exit_code: int
) -> None:
    told = publish(warm_shell, machine, project, DOCKER_DOWN=said)

    assert told.stderr.startswith(f"error: {message}")
    assert "\nhint: " in told.stderr
    assert told.stderr.endswith(hint)
    assert told.exit_code == exit_code


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (None, "the program cog is not installed (the package cog of PyPI is the library alone)"),
        ("#!/bin/sh\necho 'cog 6.3.0'\n", "is not Replicate's cog, but another program of that name"),
        ("#!/bin/sh\necho 'option --version not recognized' >&2\nexit 2\n", "is not Replicate's cog"),
    ],
)
def test_the_right_cog_has_to_be_there(
    warm_shell: Shell, machine: Machine, project: Path, script: str | None, message: str
) -> None:
    (machine.path / "cog").unlink()
    if script:
        machine.has("cog", script)

    told = publish(warm_shell, machine, project)

    assert message in told.stderr
    assert re.search(r"\nhint: (sh -c .*cog\.run/install\.sh|brew install replicate/tap/cog)", told.stderr)
    assert told.exit_code == 1


@pytest.mark.parametrize(
    "config",
    [{}, {"auths": {"r8.im": {}}}, {"auths": {"ghcr.io": {"auth": "eA=="}}}, {"credsStore": "missing"}],
)
def test_cog_has_to_be_signed_in(
    warm_shell: Shell, machine: Machine, project: Path, config: dict[str, object]
) -> None:
    machine.knows(**config)

    told = publish(warm_shell, machine, project)

    assert told.stderr == (
        "error: cog is not signed in to r8.im\n"
        "hint: cog login (it asks for a token of https://replicate.com/auth/token, which is no API token)\n"
    )
    assert told.exit_code == 4


@pytest.mark.parametrize("config", [{"credsStore": "chain"}, {"auths": {"r8.im": {}}, "credsStore": "chain"}])
def test_a_login_in_a_credential_store_counts(
    warm_shell: Shell, machine: Machine, project: Path, config: dict[str, object]
) -> None:
    machine.knows(**config)
    machine.has("docker-credential-chain", HELPER)
    process = warm_shell.start("push", str(project), "r8.im/me/model", env=machine.env)

    assert process.end() == 0


def test_the_model_has_to_be_there(warm_shell: Shell, machine: Machine, project: Path, cloud: Cloud) -> None:
    told = warm_shell.run("push", str(project), "r8.im/me/missing", env=machine.env)

    assert told.stderr == (
        "error: there is no model me/missing on replicate, and a push makes none\n"
        "hint: make it first: https://replicate.com/create\n"
    )
    assert told.exit_code == 1


def test_the_model_can_only_be_looked_up_with_a_token(
    warm_shell: Shell, machine: Machine, project: Path
) -> None:
    told = publish(warm_shell, machine, project, REPLICATE_API_TOKEN="")

    assert told.stderr == "error: not signed in to replicate\nhint: rcli auth login\n"
    assert told.exit_code == 4
