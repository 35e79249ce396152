"""``run --code``: what it prints does what the command would do, with the official clients."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rcli.records import Json
from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import FILES, TEXT, TOKEN, VERSION, Cloud, cloud
from tests.conftest import Run, environment
from tests.guide.conftest import clients
from tests.processes import PATIENCE

__all__ = ["clients", "cloud"]

LANGUAGES = ["python", "node", "curl"]
NASTY = 'a "quote", a \\ and `one`, $HOME, ${x}, \u202eturned, \U000e0001, é\nand a line'
WIDE: dict[str, Json] = {
    "secret": {"type": "string", "x-cog-secret": True, "format": "password", "writeOnly": True},
    "image": {"type": "string", "format": "uri"},
    "steps": {"type": "integer"},
    "sizes": {"type": "array", "items": {"type": "number"}},
    "more": {"type": "object"},
    "flag": {"type": "boolean", "nullable": True},
}


@dataclass(frozen=True)
class Programs:
    """Runs what ``--code`` prints, in a folder of the test's own, as a user would who copies it."""

    shell: Shell
    clients: Path

    def printed(self, language: str, *argv: str) -> str:
        ran = self.shell.run("run", *argv, "--code", language)
        assert ran.exit_code == 0, ran.stderr
        return ran

    def run(self, language: str, text: str, **variables: str) -> str:
        """What the program prints. Raises AssertionError with its stderr when it fails."""
        url = self.shell.engine()["url"]
        token = self.shell.run("auth", "token", "--host", "local").strip()
        environ = environment(self.shell.home) | {"REPLICATE_BASE_URL": url, "REPLICATE_API_TOKEN": token}
        place = self._place(language, text)
        done = subprocess.run(
            [*self._interpreter(language), str(place)],
            cwd=self.shell.cwd,
            env=environ | variables,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        place.unlink()
        assert done.returncode == 0, done.stderr
        return done.stdout

    def output(self, language: str, *argv: str, **variables: str) -> Any:
        """A text's or a JSON value's program: what the model gave."""
        told = self.run(language, self.printed(language, *argv), **variables)
        return json.loads(told)["output"] if language == "curl" else told.removesuffix("\n")

    def _interpreter(self, language: str) -> list[str]:
        python = str(self.clients / "replicate1" / "bin" / "python")
        return {"python": [python], "node": ["node"], "curl": ["sh"]}[language]

    def _place(self, language: str, text: str) -> Path:
        """Node.js looks for packages beside the program."""
        suffix = {"python": ".py", "node": ".mjs", "curl": ".sh"}[language]
        folder = self.clients / "node" if language == "node" else self.shell.cwd
        place = folder / f"program-{uuid.uuid4().hex}{suffix}"
        place.write_text(text, encoding="utf-8")
        return place


@pytest.fixture
def programs(warm_shell: Shell, clients: Path) -> Programs:
    return Programs(warm_shell, clients)


def project(folder: Path, body: str) -> str:
    """A Cog project with these lines of code."""
    made = folder / "project"
    made.mkdir()
    (made / "cog.yaml").write_text('run: "run.py:Runner"\n')
    (made / "run.py").write_text(body)
    return str(made)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_is_the_one_that_rcli_gets(programs: Programs, language: str) -> None:
    argv = (str(PROJECTS / "echo"), f"text={NASTY}")

    assert programs.output(language, *argv) == programs.shell.run("run", *argv)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_created_by_printing(programs: Programs, language: str) -> None:
    programs.shell.run("run", str(PROJECTS / "echo"), "text=before")

    programs.printed(language, str(PROJECTS / "echo"), "text=after")

    listed = programs.shell.run("predictions", "list", "--limit", "1", "--jq", ".[0].input.text")
    assert listed == "before\n"


@pytest.mark.parametrize("language", ["python", "node"])
def test_a_local_file_is_uploaded_and_the_one_that_comes_is_saved(
    programs: Programs, language: str, tmp_path: Path
) -> None:
    Image.new("RGB", (5, 6), "purple").save(tmp_path / "it's.png")

    printed = programs.printed(language, str(PROJECTS / "picture"), "image=@it's.png")
    saved = programs.run(language, printed)

    assert saved == "out.png\n"
    assert (tmp_path / "out.png").read_bytes() == (tmp_path / "it's.png").read_bytes()


@pytest.mark.parametrize("size", [1_000, 300_000])
def test_curl_sends_a_file_as_data_or_uploads_it(programs: Programs, size: int, tmp_path: Path) -> None:
    body = "from cog import BaseRunner, Path\n\n\nclass Runner(BaseRunner):\n"
    body += "    def run(self, data: Path) -> str:\n"
    body += "        import hashlib\n        return hashlib.sha256(data.read_bytes()).hexdigest()\n"
    (tmp_path / 'a "b" $c.bin').write_bytes(os.urandom(size))
    argv = (project(tmp_path, body), 'data=@a "b" $c.bin')

    printed = programs.printed("curl", *argv)

    assert json.loads(programs.run("curl", printed))["output"] == programs.shell.run("run", *argv)
    assert ("/v1/files" in printed) == (size > 256 * 1024)


def test_an_upload_that_is_refused_ends_the_curl_program(programs: Programs, tmp_path: Path) -> None:
    body = "from cog import BaseRunner, Path\n\n\nclass Runner(BaseRunner):\n"
    body += "    def run(self, data: Path) -> str:\n        return data.name\n"
    (tmp_path / "large.bin").write_bytes(bytes(300_000))
    printed = programs.printed("curl", project(tmp_path, body), "data=@large.bin")

    with pytest.raises(AssertionError) as caught:
        programs.run("curl", printed, REPLICATE_API_TOKEN="wrong")

    assert str(caught.value).splitlines()[0].count("curl: (22)") == 1
    assert "jq: error" in str(caught.value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_stream_of_text_is_joined(programs: Programs, language: str) -> None:
    argv = (str(PROJECTS / "tokens"), "n=3")
    expected = programs.shell.run("run", *argv)
    given = programs.output(language, *argv)

    assert expected
    assert ("".join(given) if language == "curl" else given) == expected.removesuffix("\n")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_program_for_a_stream_prints_it_as_it_comes(programs: Programs, language: str) -> None:
    argv = (str(PROJECTS / "tokens"), "n=3")
    expected = programs.shell.run("stream", *argv)
    printed = programs.shell.run("stream", *argv, "--code", language)

    assert {"curl": ".urls.stream"}.get(language, "replicate.stream(") in printed
    assert programs.run(language, printed) == expected != ""


def test_a_stream_s_text_comes_through_curl_exactly(programs: Programs, tmp_path: Path) -> None:
    body = "from cog import BaseRunner, ConcatenateIterator\n\n\nclass Runner(BaseRunner):\n"
    body += "    def run(self, text: str) -> ConcatenateIterator[str]:\n"
    body += "        for end in range(0, len(text), 3):\n            yield text[end : end + 3]\n"
    text = " data: one\n\nevent: two\n  'three' \\n $x é🦙\n"
    (tmp_path / "text").write_text(text)
    printed = programs.shell.run("stream", project(tmp_path, body), "text=@text", "--code", "curl")

    assert "urls.stream" in printed
    assert programs.run("curl", printed) == text


def test_a_failure_in_a_stream_is_one_of_the_curl_program(programs: Programs, tmp_path: Path) -> None:
    body = "from cog import BaseRunner, ConcatenateIterator\n\n\nclass Runner(BaseRunner):\n"
    body += "    def run(self) -> ConcatenateIterator[str]:\n"
    body += "        yield 'begun'\n        raise ValueError('no more of this')\n"
    printed = programs.shell.run("stream", project(tmp_path, body), "--code", "curl")

    with pytest.raises(AssertionError, match="no more of this"):
        programs.run("curl", printed)


def test_a_stream_that_is_refused_is_told_by_the_curl_program(programs: Programs) -> None:
    printed = programs.shell.run("stream", str(PROJECTS / "tokens"), "n=3", "--code", "curl")

    with pytest.raises(AssertionError, match="input"):
        programs.run("curl", printed.replace('"n": 3', '"n": "many"'))


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_there_is_no_stream_the_program_is_that_of_a_run(warm_shell: Shell, language: str) -> None:
    argv = (str(PROJECTS / "echo"), "text=x", "--code", language)

    assert warm_shell.run("stream", *argv) == warm_shell.run("run", *argv) != ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_secret_comes_from_a_variable(programs: Programs, language: str, tmp_path: Path) -> None:
    body = "from cog import BaseRunner, Secret\n\n\nclass Runner(BaseRunner):\n"
    body += "    def run(self, api_key: Secret) -> str:\n        return api_key.get_secret_value()[::-1]\n"
    argv = (project(tmp_path, body), "api_key=never-printed")

    printed = programs.printed(language, *argv)

    assert "never-printed" not in printed
    assert "export API_KEY=…" in printed
    assert "drow" in programs.run(language, printed, API_KEY="word")


@pytest.mark.parametrize("language", ["python", "node"])
def test_values_of_every_type_arrive_as_they_are(programs: Programs, language: str, tmp_path: Path) -> None:
    body = "from typing import Any\nfrom cog import BaseRunner\nimport json\n\n\nclass Runner(BaseRunner):\n"
    body += "    def run(self, n: int, x: float, b: bool, l: list[str], o: dict[str, Any]) -> str:\n"
    body += "        return json.dumps([n, x, b, l, o], sort_keys=True)\n"
    argv = (
        project(tmp_path, body),
        "n=-3",
        "x=1e-7",
        "b=true",
        'l:=["a", "\\u2028"]',
        'o:={"a key": [null, {}, []]}',
    )

    assert programs.output(language, *argv) == programs.shell.run("run", *argv)


# the cloud, whose programs are only printed here


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_program_for_the_cloud_names_the_version_and_no_token(
    rcli: Run, cloud: Cloud, tmp_path: Path, language: str
) -> None:
    cloud.has_model(FILES, inputs=WIDE)
    (tmp_path / "cat.png").write_bytes(b"x")
    argv = (
        "image=@cat.png",
        "secret=s3cr3t",
        "steps=4",
        "sizes=1",
        "sizes=2.5",
        'more:={"a": null}',
        "flag=null",
    )

    ran = rcli("run", "stability-ai/sdxl", *argv, "--code", language, env=cloud.env)

    assert ran.exit_code == 0, ran.stderr
    assert VERSION in ran
    assert "cat.png" in ran
    assert TOKEN not in ran
    assert "s3cr3t" not in ran
    assert "REPLICATE_API_TOKEN" in ran
    assert not [request for request in cloud.api.requests if request.method == "POST"]


def test_the_python_program_is_the_client_s_own_idiom(rcli: Run) -> None:
    """The host's real address: nothing of it is asked, since a bare version tells no inputs."""
    ran = rcli(
        "run",
        VERSION,
        "prompt=a cat",
        "--host",
        "replicate",
        "--code",
        "python",
        env={"REPLICATE_API_TOKEN": TOKEN},
    )

    assert ran == (
        "# pip install 'replicate<2'\n"
        "# export REPLICATE_API_TOKEN=…\n"
        "\n"
        "import json\n"
        "\n"
        "import replicate\n"
        "\n"
        "prediction = replicate.predictions.create(\n"
        f'    version="{VERSION}",\n'
        "    input={\n"
        '        "prompt": "a cat",\n'
        "    },\n"
        ")\n"
        "prediction.wait()\n"
        'if prediction.status != "succeeded":\n'
        "    raise SystemExit(prediction.error)\n"
        "output = prediction.output\n"
        "\n"
        "print(output if isinstance(output, str) else json.dumps(output, default=str))\n"
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--code", "cobol"), "--code takes python, node, curl, not 'cobol'"),
        (("--code", "python", "--repeat", "2"), "--code writes a program for one prediction"),
        (("--code", "node", "--timeout", "30s"), "--timeout is nothing that the client for node can ask"),
        (("--code", "node", "-i", "image=@-"), "image: @- is there once"),
        (("--code", "node", "--resize", "10"), "--resize is done by rcli"),
        (("--code", "node", "-i", "steps=many"), "steps: 'many' is not a whole number"),
    ],
)
def test_what_no_program_can_do_is_refused(
    rcli: Run, cloud: Cloud, more: tuple[str, ...], message: str
) -> None:
    cloud.has_model(TEXT, inputs={name: WIDE[name] for name in ("image", "steps")})

    ran = rcli("run", "stability-ai/sdxl", *more, env=cloud.env, stdin=b"x")

    assert (ran, ran.exit_code) == ("", 2)
    assert message in ran.stderr
