"""``rcli lock``: a project runs tomorrow what it runs today, and hears what a newer version changed."""

from __future__ import annotations

import json

import pytest

from rcli.services.models import differences
from rcli.services.models.schema import input_fields
from tests.cli.conftest import Shell
from tests.cloud import TEXT, VERSION, Cloud, cloud, document
from tests.conftest import Result
from tests.recording_server import json_answer

__all__ = ["cloud"]

BEFORE = "def run(self, text: str) -> str:\n        return 'first ' + text\n"
AFTER = "def run(self, name: str, loud: bool = False) -> str:\n        return 'second ' + name\n"


def push(shell: Shell, body: str) -> str:
    """A version of local:me/dinos with this method, by its id."""
    folder = shell.cwd / "dinos"
    folder.mkdir(exist_ok=True)
    (folder / "cog.yaml").write_text('run: "run.py:Runner"\n')
    (folder / "run.py").write_text(f"from cog import BaseRunner\n\n\nclass Runner(BaseRunner):\n    {body}")
    pushed = shell.run("push", "./dinos", "local:me/dinos")
    assert pushed.exit_code == 0, pushed.stderr
    return pushed.strip().partition(":")[2]


def run(shell: Shell, *argv: str) -> Result:
    return shell.run("run", "local:me/dinos", *argv)


def test_a_run_in_the_project_takes_the_version_that_is_pinned(shell: Shell) -> None:
    first = push(shell, BEFORE)
    locked = shell.run("lock", "local:me/dinos")
    second = push(shell, AFTER)
    below = shell.cwd / "deep" / "below"
    below.mkdir(parents=True)

    here, there = run(shell, "text=x"), shell.run("run", "local:me/dinos", "text=x", cwd=below)
    freely = shell.run("run", f"local:me/dinos:{second}", "name=x")

    assert locked == f"me/dinos:{first}\n"
    assert (here, there, freely) == ("first x", "first x", "second x")


def test_the_lock_is_a_file_for_the_repository(shell: Shell) -> None:
    version = push(shell, BEFORE)
    shell.run("lock", "local:me/dinos", "rcli/hello")
    shell.run("lock", "--remove", "rcli/hello")

    lock = shell.cwd / "rcli.lock"
    assert lock.read_text() == (
        "# The versions of models that rcli runs in this project: rcli lock MODEL… pins them anew.\n"
        "# With rcli run --locked no other model runs.\n"
        "\n"
        "[[model]]\n"
        'host = "local"\n'
        'name = "me/dinos"\n'
        f'version = "{version}"\n'
    )
    assert lock.stat().st_mode & 0o077 != 0
    assert [each.name for each in shell.cwd.iterdir() if "lock" in each.name] == ["rcli.lock"]


def test_the_lock_lies_beside_the_project_s_file(shell: Shell) -> None:
    push(shell, BEFORE)
    (shell.cwd / "rcli.toml").write_text("")
    below = shell.cwd / "below"
    below.mkdir()

    shell.run("lock", "local:me/dinos", cwd=below)

    assert (shell.cwd / "rcli.lock").is_file()
    assert not (below / "rcli.lock").exists()


def test_locked_refuses_what_is_not_pinned_and_takes_what_is_exact(shell: Shell) -> None:
    version = push(shell, BEFORE)

    refused = run(shell, "text=x", "--locked")
    exact = shell.run("run", f"local:me/dinos:{version}", "text=x", "--locked")
    folder = shell.run("run", "./dinos", "text=x", "--locked")
    shell.run("lock", "local:me/dinos")
    pinned = run(shell, "text=x", "--locked")

    assert (refused, refused.exit_code) == ("", 2)
    assert refused.stderr == (
        f"error: local:me/dinos is not pinned in {shell.cwd / 'rcli.lock'}\nhint: rcli lock local:me/dinos\n"
    )
    assert (exact, folder, pinned) == ("first x",) * 3


def test_pins_are_listed_with_what_the_latest_version_changed(shell: Shell) -> None:
    first = push(shell, BEFORE)
    shell.run("lock", "local:me/dinos", "rcli/hello")
    second = push(shell, AFTER)

    listed = shell.run("lock").splitlines()

    assert listed[0] == f"local\tme/dinos\t{first}\t{second[:12]} breaks callers"
    assert listed[1].startswith("local\trcli/hello\t")
    assert listed[1].endswith("\tis pinned")


def test_pinning_anew_tells_what_changes(shell: Shell) -> None:
    push(shell, BEFORE)
    shell.run("lock", "local:me/dinos")
    second = push(shell, AFTER)

    anew = shell.run("lock", "local:me/dinos")

    assert anew == f"me/dinos:{second}\n"
    assert anew.stderr == "  ! text: is gone\n  ! name: is new, and required\n    loud: is new\n"


def test_a_changed_model_is_told_once_when_the_next_version_runs(shell: Shell) -> None:
    push(shell, BEFORE)
    quiet = run(shell, "text=x")
    push(shell, AFTER)

    first, second = run(shell, "name=x"), run(shell, "name=x")

    assert quiet.stderr == second.stderr == ""
    assert first == "second x"
    assert first.stderr == (
        "warning: me/dinos: the latest version is not the one that ran last, and has other inputs "
        "(what is marked ! breaks callers):\n"
        "  ! text: is gone\n"
        "  ! name: is new, and required\n"
        "    loud: is new\n"
    )


def test_other_code_with_the_same_inputs_is_no_news(shell: Shell) -> None:
    push(shell, BEFORE)
    run(shell, "text=x")
    push(shell, BEFORE.replace("first", "another"))

    ran = run(shell, "text=x")

    assert (ran, ran.stderr) == ("another x", "")


def test_a_person_hears_that_the_pinned_version_is_behind(shell: Shell) -> None:
    push(shell, BEFORE)
    shell.run("lock", "local:me/dinos")
    push(shell, AFTER)
    session = shell.terminal("run", "local:me/dinos", "text=x", columns=120)

    assert session.end() == 0
    assert "which is pinned here, and has other inputs" in session.text
    assert "! text: is gone" in session.text


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (("lock", "./dinos"), 2, "'./dinos' is no model with versions to choose from"),
        (("lock", "local:deployments/me/dinos"), 2, "is no model with versions to choose from"),
        (("lock", "local:me/nothing"), 1, "there is no model me/nothing on local"),
        (("lock", f"local:rcli/hello:{'0' * 64}"), 1, f"rcli/hello has no version {'0' * 64} on local"),
        (("lock", "--remove"), 2, "no model is named"),
        (("lock", "--remove", "local:rcli/hello"), 1, "local:rcli/hello is not pinned in"),
        (("lock", "rcli/hello", "local:me/nothing"), 1, "there is no model me/nothing on local"),
    ],
)
def test_what_cannot_be_pinned_leaves_the_lock_alone(
    warm_shell: Shell, argv: tuple[str, ...], code: int, message: str
) -> None:
    ran = warm_shell.run(*argv)

    assert (ran, ran.exit_code) == ("", code)
    assert message in ran.stderr
    assert not (warm_shell.cwd / "rcli.lock").exists()


@pytest.mark.parametrize(
    "text",
    [
        "[[model]]\nhost = 1\n",
        "not toml",
        "token = 'x'\n",
        f'[[model]]\nhost = "local"\nname = "../x"\nversion = "{VERSION}"\n',
        '[[model]]\nhost = "local"\nname = "a/b"\nversion = "latest"\n',
        f'[[model]]\nhost = "local"\nname = "a/b"\nversion = "{VERSION}"\nurl = "http://evil"\n',
    ],
)
def test_a_lock_that_says_anything_else_is_an_error(warm_shell: Shell, text: str) -> None:
    (warm_shell.cwd / "rcli.lock").write_text(text)

    ran = warm_shell.run("run", "rcli/hello", "text=x")

    assert (ran, ran.exit_code) == ("", 2)
    assert str(warm_shell.cwd / "rcli.lock") in ran.stderr


def test_on_the_cloud_the_pinned_version_is_what_is_created(warm_shell: Shell, cloud: Cloud) -> None:
    cloud.has_model(TEXT)
    warm_shell.run("lock", "stability-ai/sdxl", env=cloud.env)
    cloud.api.answer(
        "GET /v1/models/stability-ai/sdxl",
        json_answer({"owner": "stability-ai", "name": "sdxl", "latest_version": {"id": "f" * 64}}),
    )

    body = warm_shell.run(
        "run", "stability-ai/sdxl", "prompt=x", "--locked", "--dry-run", "--jq", ".body", env=cloud.env
    )

    assert json.loads(body) == {"version": VERSION, "input": {"prompt": "x"}}


def test_an_official_model_has_nothing_to_pin(warm_shell: Shell, cloud: Cloud) -> None:
    cloud.has_model(TEXT, is_official=True)

    ran = warm_shell.run("lock", "stability-ai/sdxl", env=cloud.env)

    assert (ran, ran.exit_code) == ("", 2)
    assert "is an official model: it runs without a version" in ran.stderr


# what a difference is


def text(**keys: object) -> dict[str, object]:
    return {"type": "string", **keys}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (text(), text(), []),
        (text(), {"type": "integer"}, ["! x: takes a whole number, not a text"]),
        ({"type": "integer"}, {"type": "number"}, ["  x: takes a number, not a whole number"]),
        ({"type": "number"}, {"type": "integer"}, ["! x: takes a whole number, not a number"]),
        (text(enum=["a", "b"]), text(enum=["b", "c"]), ["! x: is never 'a' any more", "  x: may be 'c' too"]),
        (text(), text(enum=["a"]), ["! x: takes one of 'a', not a text"]),
        (text(enum=["a"]), text(), ["  x: takes a text, not one of 'a'"]),
        ({"type": "integer", "maximum": 9}, {"type": "integer", "maximum": 5}, ["! x: maximum is 5, not 9"]),
        ({"type": "integer", "maximum": 5}, {"type": "integer", "maximum": 9}, ["  x: maximum is 9, not 5"]),
        ({"type": "integer"}, {"type": "integer", "minimum": 0}, ["! x: minimum is 0"]),
        ({"type": "integer", "minimum": 0}, {"type": "integer"}, ["  x: has no minimum any more"]),
        (text(maxLength=9), text(maxLength=5), ["! x: longest is 5, not 9"]),
        (text(), text(pattern="^a"), ["! x: has to match '^a'"]),
        (text(default="a"), text(default="b"), ["  x: default is 'b', not 'a'"]),
        (text(nullable=True), text(), ["! x: is never null any more"]),
        (text(), text(deprecated=True), ["  x: is deprecated"]),
        (
            text(**{"x-cog-secret": True, "default": "a"}),
            text(**{"x-cog-secret": True, "default": "b"}),
            [],
        ),
    ],
)
def test_a_change_says_whether_it_breaks_callers(
    before: dict[str, object], after: dict[str, object], told: list[str]
) -> None:
    old, new = document(TEXT, {"x": before}), document(TEXT, {"x": after})

    assert input_fields(old)
    assert [str(change) for change in differences.between(old, new)] == told


def test_another_kind_of_output_breaks_what_comes_after() -> None:
    old, new = document(TEXT, None), document({"type": "string", "format": "uri"}, None)

    assert [str(change) for change in differences.between(old, new)] == ["! output: is file, not text"]


def test_a_version_that_tells_nothing_is_not_compared() -> None:
    assert differences.between({}, document(TEXT, None)) == []
