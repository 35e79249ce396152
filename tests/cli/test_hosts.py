"""Which host a command talks to, and that nothing in a cloned repository can change where tokens go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloud import TEXT, TOKEN, Cloud, cloud, prediction
from tests.conftest import Run
from tests.recording_server import RecordingServer, json_answer

__all__ = ["cloud"]

MODEL = "stability-ai/sdxl"


@pytest.fixture
def work(rcli: Run) -> Iterator[RecordingServer]:
    """A host of the user's own, named ``work``, with another token."""
    with RecordingServer() as server:
        server.answer("GET /v1/account", json_answer({"username": "eve"}))
        rcli("config", "set", "hosts.work.url", server.url)
        rcli("auth", "login", "--host", "work", "--with-token", stdin=b"token-of-work")
        server.requests.clear()
        yield server


@pytest.fixture
def both(cloud: Cloud, work: RecordingServer) -> Cloud:
    """The model is on both hosts."""
    cloud.has_model(TEXT)
    model = {"owner": "stability-ai", "name": "sdxl", "description": "at work"}
    work.answer(f"GET /v1/models/{MODEL}", json_answer(model))
    cloud.api.answer(
        "GET /v1/models/rcli/hello",
        json_answer({"owner": "rcli", "name": "hello", "description": "not bundled"}),
    )
    return cloud


def asked(cloud: Cloud, work: RecordingServer) -> list[str]:
    """The hosts that were asked for the model."""
    return ["replicate"] * len(cloud.api.requests) + ["work"] * len(work.requests)


@pytest.mark.parametrize(
    ("words", "variable", "project", "config", "host"),
    [
        ((f"replicate:{MODEL}", "--host", "work"), "work", "work", "work", "replicate"),
        ((MODEL, "--host", "replicate"), "work", "work", "work", "replicate"),
        ((MODEL,), "replicate", "work", "work", "replicate"),
        ((MODEL,), "", "replicate", "work", "replicate"),
        ((MODEL,), "", "", "work", "work"),
        ((MODEL,), "", "", "", "replicate"),
    ],
    ids=["prefix", "--host", "RCLI_HOST", "rcli.toml", "config", "signed in"],
)
def test_the_nearest_word_decides(
    rcli: Run,
    tmp_path: Path,
    both: Cloud,
    work: RecordingServer,
    words: tuple[str, ...],
    variable: str,
    project: str,
    config: str,
    host: str,
) -> None:
    rcli("config", "set", "host", config)
    if project:
        (tmp_path / "rcli.toml").write_text(f'host = "{project}"\n')

    shown = rcli("models", "show", *words, env=both.env | {"RCLI_HOST": variable})

    assert shown.exit_code == 0
    assert asked(both, work) == [host]


def test_a_bundled_model_means_this_machine_unless_a_host_is_named(
    warm_rcli: Run, tmp_path: Path, both: Cloud
) -> None:
    (tmp_path / "rcli.toml").write_text('host = "replicate"\n')
    env = both.env | {"RCLI_HOST": "replicate"}

    local = warm_rcli("models", "show", "rcli/hello", "-q", env=env)
    before = len(both.api.requests)
    named = warm_rcli("models", "show", "rcli/hello", "--host", "replicate", env=env)

    assert (local, before) == ("rcli/hello\n", 0)
    assert "not bundled" in named


def test_a_folder_runs_on_this_machine_alone(rcli: Run, tmp_path: Path, both: Cloud) -> None:
    refused = rcli("run", ".", "--host", "replicate", env=both.env)

    assert refused.exit_code == 2
    assert refused.stderr.startswith("error: a folder runs on this machine, not on 'replicate'\n")
    assert both.api.requests == []


def test_who_is_signed_in_nowhere_is_told_to_sign_in(warm_rcli: Run) -> None:
    refused = warm_rcli("run", MODEL, "prompt=x")

    said = "error: there is no model stability-ai/sdxl on local, and nobody is signed in to replicate\n"
    assert (refused.stderr, refused.exit_code) == (f"{said}hint: rcli auth login\n", 4)


@pytest.mark.parametrize(
    "words",
    [
        ("models", "show", MODEL),
        ("models", "schema", MODEL),
        ("models", "readme", MODEL),
        ("models", "examples", MODEL),
        ("versions", "list", MODEL),
        ("versions", "show", f"{MODEL}:7762fd"),
        ("versions", "show", f"{MODEL}:{'7' * 64}"),
        ("versions", "diff", MODEL),
        ("lock", MODEL),
        ("lock", f"{MODEL}:{'7' * 64}"),
    ],
    ids=" ".join,
)
def test_whatever_names_a_model_of_the_cloud_leads_to_signing_in(
    warm_rcli: Run, words: tuple[str, ...]
) -> None:
    refused = warm_rcli(*words)
    asked_here = warm_rcli(*words, "--host", "local")

    said = "error: there is no model stability-ai/sdxl on local, and nobody is signed in to replicate\n"
    assert (refused.stderr, refused.exit_code) == (f"{said}hint: rcli auth login\n", 4)
    assert asked_here.exit_code == 1
    assert asked_here.stderr.startswith("error: there is no model stability-ai/sdxl on local\nhint: rcli ")


def test_a_named_host_without_a_token_is_exit_4(rcli: Run, both: Cloud, work: RecordingServer) -> None:
    rcli("auth", "logout", "--host", "work")

    refused = rcli("models", "show", f"work:{MODEL}", env=both.env)

    said = "error: not signed in to work\nhint: rcli auth login --host work\n"
    assert (refused.stderr, refused.exit_code) == (said, 4)
    assert work.requests == []


def test_an_unknown_host_is_told_with_the_one_that_was_meant(rcli: Run, work: RecordingServer) -> None:
    refused = rcli("models", "show", f"wrok:{MODEL}")

    said = "error: there is no host 'wrok'\nhint: did you mean work?\n"
    assert (refused.stderr, refused.exit_code) == (said, 2)


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/"])
def test_the_base_url_is_taken_with_and_without_its_version(rcli: Run, cloud: Cloud, ending: str) -> None:
    cloud.has_model(TEXT)

    shown = rcli("models", "show", MODEL, env=cloud.env | {"REPLICATE_BASE_URL": cloud.api.url + ending})

    assert shown.exit_code == 0
    assert [request.path for request in cloud.api.requests] == [f"/v1/models/{MODEL}"]


@pytest.mark.parametrize("url", ["api.example.com", "ftp://x/v1", "https://user:pw@x/v1", "https://"])
def test_what_is_no_base_url_is_refused(rcli: Run, url: str) -> None:
    refused = rcli("models", "show", MODEL, env={"REPLICATE_BASE_URL": url, "REPLICATE_API_TOKEN": TOKEN})

    assert refused.exit_code == 2
    assert "is no base URL" in refused.stderr


def test_the_tokens_stay_with_their_hosts(rcli: Run, both: Cloud, work: RecordingServer) -> None:
    rcli("models", "show", f"work:{MODEL}", env=both.env)
    rcli("models", "show", f"replicate:{MODEL}", env=both.env)

    assert [request.headers["Authorization"] for request in work.requests] == ["Bearer token-of-work"]
    assert [request.headers["Authorization"] for request in both.api.requests] == [f"Bearer {TOKEN}"]


# a cloned repository's file


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[hosts.replicate]\nurl = "http://127.0.0.1:1"', "a project's file cannot set 'hosts'"),
        ('[tokens]\n"http://127.0.0.1:1/v1" = "x"', "a project's file cannot set 'tokens'"),
        ('token_store = "file"', "a project's file cannot set 'token_store'"),
        ("[engine]\nport = 1", "a project's file cannot set 'engine'"),
        ('output_dir = "../elsewhere"', "output_dir leaves the project: ../elsewhere"),
        ('output_dir = "/etc"', "output_dir leaves the project: /etc"),
        ("output_dir = 1", "output_dir has the wrong type"),
        ('inputs = "x"', "inputs has the wrong type"),
        ('[inputs]\n"stability-ai/sdxl" = "x"', "inputs of stability-ai/sdxl has the wrong type"),
        ('[versions]\n"stability-ai/sdxl" = "../../account"', "is no version id"),
        ("[versions]\n[versions.x]\ny = 1", "is no version id"),
        ("host = [", "rcli.toml: "),
    ],
)
def test_a_projects_file_that_wants_more_than_it_may_is_refused(
    rcli: Run, tmp_path: Path, both: Cloud, text: str, said: str
) -> None:
    (tmp_path / "rcli.toml").write_text(text)

    refused = rcli("models", "show", MODEL, env=both.env)

    assert refused.exit_code == 2
    assert said in refused.stderr
    assert both.api.requests == []


def test_a_projects_file_cannot_leave_through_a_link(rcli: Run, tmp_path: Path, both: Cloud) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "out").symlink_to("/etc")
    (tmp_path / "project" / "rcli.toml").write_text('output_dir = "out"')

    refused = rcli("models", "show", MODEL, env=both.env, cwd=tmp_path / "project")

    assert refused.exit_code == 2
    assert "output_dir leaves the project" in refused.stderr


def test_a_project_names_a_host_that_the_user_does_not_have(rcli: Run, tmp_path: Path, both: Cloud) -> None:
    (tmp_path / "rcli.toml").write_text('host = "evil"')

    refused = rcli("models", "show", MODEL, env=both.env)

    assert (refused.exit_code, both.api.requests) == (2, [])
    assert "there is no host 'evil'" in refused.stderr


def test_a_projects_inputs_are_values_and_never_files(rcli: Run, tmp_path: Path, cloud: Cloud) -> None:
    (tmp_path / "rcli.toml").write_text(f'[inputs."{MODEL}"]\nprompt = "@/etc/passwd"\n')
    cloud.has_model(TEXT)
    cloud.creates(prediction("starting"), prediction("succeeded", output="x"))

    rcli("run", MODEL, env=cloud.env)

    assert cloud.created["input"] == {"prompt": "@/etc/passwd"}


def test_a_projects_file_pins_versions_inputs_and_the_folder_of_outputs(
    rcli: Run, tmp_path: Path, cloud: Cloud
) -> None:
    (tmp_path / "rcli.toml").write_text(
        'output_dir = "results"\n'
        f'[versions]\n"{MODEL}" = "{"b" * 64}"\n'
        f'[inputs."{MODEL}"]\nprompt = "a dog"\n'
    )
    version = {"id": "b" * 64, "openapi_schema": {}}
    cloud.api.answer(f"GET /v1/models/{MODEL}/versions/{'b' * 64}", json_answer(version))
    url = "data:image/png;base64,iVBORw0KGgo="
    cloud.creates(prediction("starting"), prediction("succeeded", output=url))

    ran = rcli("run", MODEL, env=cloud.env)

    assert cloud.created == {"version": "b" * 64, "input": {"prompt": "a dog"}}
    assert ran.startswith(f"{tmp_path / 'results'}/")
