"""``rcli scaffold``: the programs that it writes run as written, with the official clients."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from rcli.records import Json
from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import FILES, ID, TOKEN, VERSION, Cloud, cloud, prediction
from tests.conftest import Run, environment
from tests.guide.conftest import clients
from tests.processes import PATIENCE
from tests.recording_server import json_answer

__all__ = ["clients", "cloud"]

LANGUAGES = ["python", "node", "curl"]


@dataclass(frozen=True)
class Written:
    """Writes programs to files, and runs them where they lie."""

    shell: Shell
    clients: Path

    def file(self, language: str, *argv: str) -> Path:
        """Node.js looks for packages beside the program."""
        folder = self.clients / "node" if language == "node" else self.shell.cwd
        suffix = {"python": ".py", "node": ".mjs", "curl": ".sh"}[language]
        place = folder / f"scaffold-{uuid.uuid4().hex}{suffix}"
        told = self.shell.run("scaffold", *argv, f"--{language}", "-o", str(place))
        assert (told, told.exit_code) == (f"{place}\n", 0), told.stderr
        return place

    def ran(self, language: str, file: Path, **variables: str) -> str:
        """What the program prints. Raises AssertionError with its stderr when it fails."""
        url = self.shell.engine()["url"]
        token = self.shell.run("auth", "token", "--host", "local").strip()
        environ = environment(self.shell.home) | {"REPLICATE_BASE_URL": url, "REPLICATE_API_TOKEN": token}
        python = str(self.clients / "replicate1" / "bin" / "python")
        start = {"python": [python], "node": ["node"], "curl": []}[language]
        done = subprocess.run(
            [*start, str(file)],
            cwd=self.shell.cwd,
            env=environ | variables,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert token not in file.read_text()
        file.unlink()
        assert done.returncode == 0, done.stderr
        return done.stdout

    def output(self, language: str, *argv: str, **variables: str) -> str:
        told = self.ran(language, self.file(language, *argv), **variables)
        return str(json.loads(told)["output"] if language == "curl" else told.removesuffix("\n"))


@pytest.fixture
def written(warm_shell: Shell, clients: Path) -> Written:
    return Written(warm_shell, clients)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_prediction_is_made_again(written: Written, language: str) -> None:
    expected = written.shell.run("run", str(PROJECTS / "echo"), "text=once more")

    assert written.output(language, "last") == expected


def test_another_input_may_be_given_and_the_version_is_that_of_then(
    warm_shell: Shell, tmp_path: Path
) -> None:
    project = tmp_path / "shout"
    project.mkdir()
    (project / "cog.yaml").write_text('run: "run.py:run"\n')
    (project / "run.py").write_text("def run(text: str) -> str:\n    return text.upper()\n")
    warm_shell.run("run", str(project), "text=a")
    then = warm_shell.prediction()["version"]
    (project / "run.py").write_text("def run(text: str) -> str:\n    return text.lower()\n")
    warm_shell.run("run", str(project), "text=b")
    first = warm_shell.run("predictions", "list", "--host", "local", "-q").splitlines()[1]

    told = warm_shell.run("scaffold", first, "text=changed", "--python")

    assert f'"folder/shout:{then}"' in told
    assert '"text": "changed"' in told


@pytest.mark.parametrize("language", ["python", "node"])
def test_a_file_is_taken_from_where_it_lies(written: Written, language: str, tmp_path: Path) -> None:
    Image.new("RGB", (5, 6), "purple").save(tmp_path / "cat.png")
    written.shell.run("run", str(PROJECTS / "picture"), "image=@cat.png", "-o", "first.png")

    file = written.file(language, "last")
    named = str(tmp_path / "cat.png") in file.read_text()
    saved = written.ran(language, file)

    assert named
    assert (tmp_path / saved.strip()).read_bytes() == (tmp_path / "cat.png").read_bytes()


def test_a_secret_comes_from_a_variable(written: Written, tmp_path: Path) -> None:
    project = tmp_path / "secret"
    project.mkdir()
    (project / "cog.yaml").write_text('run: "run.py:run"\n')
    (project / "run.py").write_text(
        "from cog import Secret\n\n\ndef run(api_key: Secret) -> str:\n"
        "    return api_key.get_secret_value()[::-1]\n"
    )
    written.shell.run("run", str(project), "api_key=never-printed")

    file = written.file("python", "last")
    text = file.read_text()

    assert "never-printed" not in text
    assert "export API_KEY=…" in text
    assert written.ran("python", file, API_KEY="word") == "drow\n"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_model_runs_with_its_default_inputs(written: Written, language: str) -> None:
    expected = written.shell.run("run", str(PROJECTS / "sleeper"), "seconds=0.01")

    assert written.output(language, str(PROJECTS / "sleeper"), "seconds=0.01") == expected


def test_default_inputs_are_there_to_be_changed(warm_shell: Shell) -> None:
    told = warm_shell.run("scaffold", "program", str(PROJECTS / "sleeper"), "--python")

    assert '"seconds": 1.0,' in told
    assert "folder/sleeper:" in told


def test_an_input_without_a_default_is_the_example_s(rcli: Run, cloud: Cloud) -> None:
    inputs: dict[str, Json] = {"prompt": {"type": "string"}, "steps": {"type": "integer", "default": 20}}
    example = prediction("succeeded", input={"prompt": "an otter", "steps": 4})
    cloud.has_model(FILES, inputs=inputs, default_example=example)
    model = json.loads(rcli("models", "show", "stability-ai/sdxl", "--json", env=cloud.env))
    schema = model["latest_version"]["openapi_schema"]["components"]["schemas"]["Input"]
    schema["required"] = ["prompt"]
    cloud.api.answer("GET /v1/models/stability-ai/sdxl", json_answer(model))

    told = rcli("scaffold", "stability-ai/sdxl", "--node", env=cloud.env)

    assert 'prompt: "an otter"' in told
    assert "steps: 20" in told
    assert f"stability-ai/sdxl:{VERSION}" in told
    assert TOKEN not in told


def test_a_missing_input_that_no_example_has_is_named(warm_shell: Shell, tmp_path: Path) -> None:
    project = tmp_path / "never-run"
    project.mkdir()
    (project / "cog.yaml").write_text('run: "run.py:run"\n')
    (project / "run.py").write_text("def run(wanted: str) -> str:\n    return wanted\n")

    told = warm_shell.run("scaffold", "./never-run", "--python", "-o", "x.py")

    assert (told, told.exit_code) == ("", 2)
    assert "wanted" in told.stderr
    assert not (tmp_path / "x.py").exists()


def test_a_prediction_of_the_cloud_is_found_by_its_id(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(FILES)
    cloud.api.answer(f"GET /v1/predictions/{ID}", json_answer(prediction("succeeded", output=[])))

    told = rcli("scaffold", ID, "--curl", "--host", "replicate", env=cloud.env)

    assert told.exit_code == 0, told.stderr
    assert f'"version": "{VERSION}"' in told or f"stability-ai/sdxl:{VERSION}" in told
    assert '"prompt": "a cat"' in told
    assert TOKEN not in told
    assert [request.method for request in cloud.api.requests] == ["GET"] * len(cloud.api.requests)


def test_nothing_is_replaced_and_what_a_shell_runs_can_be_started(warm_shell: Shell, tmp_path: Path) -> None:
    first = warm_shell.run("scaffold", "rcli/hello", "text=x", "--curl", "-o", "hello.sh")
    before = (tmp_path / "hello.sh").read_text()

    second = warm_shell.run("scaffold", "rcli/hello", "text=y", "--curl", "-o", "hello.sh")

    assert first == f"{tmp_path / 'hello.sh'}\n"
    assert os.stat(tmp_path / "hello.sh").st_mode & stat.S_IXUSR
    assert (second, second.exit_code) == ("", 2)
    assert "is there already" in second.stderr
    assert (tmp_path / "hello.sh").read_text() == before


@pytest.mark.parametrize("options", [(), ("--python", "--node")])
def test_one_language_has_to_be_chosen(rcli: Run, options: tuple[str, ...]) -> None:
    told = rcli("scaffold", "last", *options)

    assert (told, told.exit_code) == ("", 2)
    assert "which language? One of --python, --node, --curl" in told.stderr
