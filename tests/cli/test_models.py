"""``rcli models``: what there is to run, and what it takes."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import Cloud, cloud
from tests.conftest import Run
from tests.recording_server import Answer, json_answer

__all__ = ["cloud"]


def test_the_bundled_models_are_there_from_the_start(shell: Shell) -> None:
    told = shell.run("models", "list", "-q")

    assert {"rcli/hello", "rcli/smollm2"} <= set(told.split())


def test_a_folder_that_was_run_is_a_model(warm_rcli: Run) -> None:
    warm_rcli("run", str(PROJECTS / "echo"), "text=x")

    rows = [line.split("\t") for line in warm_rcli("models", "list", "-n", "100").splitlines()]

    (row,) = [row for row in rows if row[0] == "folder/echo"]
    assert row[1] == warm_rcli("models", "show", "folder/echo", "--jq", ".latest_version.id")[:12]
    assert int(row[2]) >= 1


def test_a_person_reads_one_sentence_and_a_script_all_of_it(warm_rcli: Run) -> None:
    for_a_person = warm_rcli("models", "list", "-n", "100", "--plain", terminal=True)
    for_a_script = warm_rcli("models", "list", "-n", "100")

    whole = warm_rcli("models", "show", "rcli/smollm2", "--jq", ".description").strip()
    assert whole in for_a_script
    assert whole.split(". ")[1] not in " ".join(for_a_person.split())


def test_a_model_is_shown_with_its_version(warm_rcli: Run) -> None:
    told = warm_rcli("models", "show", "rcli/hello")

    fields = dict(line.split("\t", 1) for line in told.splitlines())
    record = json.loads(warm_rcli("models", "show", "rcli/hello", "--json"))
    assert fields["model"] == "rcli/hello"
    assert fields["version"] == record["latest_version"]["id"]
    assert fields["url"] == record["url"]
    assert warm_rcli("models", "show", "rcli/hello", "-q") == "rcli/hello\n"


def test_an_unknown_model_is_an_error_with_a_way_out(warm_rcli: Run) -> None:
    misspelt = warm_rcli("models", "show", "rcli/smolm2")
    unknown = warm_rcli("models", "schema", "local:ada/lovelace")

    assert (misspelt.stderr, misspelt.exit_code) == (
        "error: there is no model rcli/smolm2 on local\nhint: did you mean rcli/smollm2?\n",
        1,
    )
    assert (unknown.stderr, unknown.exit_code) == (
        "error: there is no model ada/lovelace on local\n"
        "hint: rcli models list --host local; one of Replicate's: --host replicate\n",
        1,
    )


def test_only_a_name_can_be_shown(warm_rcli: Run) -> None:
    told = warm_rcli("models", "show", "./echo")

    assert told.stderr == "error: './echo' is not a model's name\nhint: write owner/name\n"
    assert told.exit_code == 2


def test_a_schema_tells_what_to_write(warm_rcli: Run) -> None:
    told = warm_rcli("models", "schema", "rcli/smollm2")

    rows = [line.split("\t") for line in told.splitlines()]
    assert [row[:4] for row in rows] == [
        ["prompt", "a text", "required", "at least 1 character"],
        ["system_prompt", "a text", '"You are a helpful assistant."', ""],
        ["max_tokens", "a whole number", "256", "1…1024"],
        ["temperature", "a number", "0", "0…2"],
        ["top_p", "a number", "0.9", "0…1"],
        ["seed", "a whole number", "null", "0…2147483647"],
    ]
    assert all(row[4] for row in rows)
    assert warm_rcli("models", "schema", "rcli/smollm2", "-q").split() == [row[0] for row in rows]


def test_the_schema_of_a_folder_is_that_of_its_present_state(warm_shell: Shell) -> None:
    told = warm_shell.run("models", "schema", cwd=PROJECTS / "picture")

    assert told == "image\ta file or a URL\trequired\t\tA picture\n"
    document = json.loads(warm_shell.run("models", "schema", str(PROJECTS / "picture"), "--json"))
    output = document["components"]["schemas"]["Output"]
    assert output == {"title": "Output", "type": "string", "format": "uri"}


def test_a_search_finds_models_by_words(warm_rcli: Run) -> None:
    found = warm_rcli("models", "search", "picture", "-q", "--host", "local")
    nothing = warm_rcli("models", "search", "zzzz", "--host", "local", terminal=True)

    assert "rcli/upscale" in found.split()
    assert (nothing, nothing.stderr) == ("", "nothing was found\n")


def test_a_search_goes_on_over_pages_with_the_same_words(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer(
        "QUERY /v1/models",
        json_answer(listed("ada/one", following=f"{cloud.api.url}/v1/models?cursor=2")),
        json_answer(listed("ada/two")),
    )

    few = rcli("models", "search", "a", "cat", "-n", "1", "-q", env=cloud.env)
    asked_for_few = len(cloud.api.requests)
    cloud.api.answer(
        "QUERY /v1/models",
        json_answer(listed("ada/one", following=f"{cloud.api.url}/v1/models?cursor=2")),
        json_answer(listed("ada/two")),
    )
    all_ = rcli("models", "search", "a", "cat", "--all", "-q", env=cloud.env)

    assert (few, asked_for_few) == ("ada/one\n", 1)
    assert all_ == "ada/one\nada/two\n"
    assert [request.body for request in cloud.api.requests] == [b"a cat"] * 3
    assert cloud.api.requests[-1].query == "cursor=2"


def test_a_list_may_begin_with_the_oldest(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/models", json_answer(listed("ada/one")))

    rcli("models", "list", "--sort", "created", "--reverse", env=cloud.env)

    (request,) = cloud.api.requests
    assert request.query == "sort_by=model_created_at&sort_direction=asc"


def test_a_readme_is_exact_in_a_pipe_and_laid_out_on_a_terminal(rcli: Run, cloud: Cloud) -> None:
    text = "# Paint\n\nSee [the site](https://evil.example/x).\n\n\x1b]0;owned\x07\x1b[31m- red\n\n- two\n"
    cloud.api.answer("GET /v1/models/ada/painter/readme", Answer(200, text.encode()))

    piped = rcli("models", "readme", "ada/painter", env=cloud.env)
    seen = rcli("models", "readme", "ada/painter", env=cloud.env | {"NO_COLOR": "1"}, terminal=True)

    assert piped == text
    assert "# Paint" not in seen
    assert "Paint" in seen
    assert "https://evil.example/x" in seen
    assert "owned" not in seen
    assert "\x1b]" not in seen
    assert "\x1b[31m" not in seen


def test_a_model_without_a_readme_says_so(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model()

    none = rcli("models", "readme", "stability-ai/sdxl", env=cloud.env)
    unknown = rcli("models", "readme", "ada/nobody", env=cloud.env)

    assert none.stderr == (
        "error: stability-ai/sdxl has no README\nhint: rcli models show stability-ai/sdxl\n"
    )
    assert unknown.stderr.startswith("error: there is no model ada/nobody on replicate\n")


def test_examples_tell_what_went_in_and_what_came_out(warm_rcli: Run) -> None:
    id = warm_rcli("run", "rcli/hello", "text=Ada", "--json", "--jq", ".id").strip()

    rows = [line.split("\t") for line in warm_rcli("models", "examples", "rcli/hello").splitlines()]

    assert [id, '{"text": "Ada"}', "hello Ada"] in rows


def test_a_model_of_one_s_own_is_made_changed_and_deleted(warm_shell: Shell) -> None:
    run = warm_shell.run
    (warm_shell.cwd / "README.md").write_text("# Mine\n")

    made = run("models", "create", "local:shelf/mine", "--description", "First", "--json")
    again = run("models", "create", "local:shelf/mine")
    changed = run("models", "update", "local:shelf/mine", "--description", "", "--readme", "README.md")
    readme = run("models", "readme", "local:shelf/mine")
    asked = run("models", "delete", "local:shelf/mine")
    deleted = run("models", "delete", "local:shelf/mine", "--yes")
    gone = run("models", "show", "local:shelf/mine")

    record = json.loads(made)
    assert (record["visibility"], record["description"]) == ("private", "First")
    assert again.exit_code == 1
    assert "exists already" in again.stderr
    assert "description" not in dict(line.split("\t", 1) for line in changed.splitlines())
    assert readme == "# Mine\n"
    assert (asked.stderr, asked.exit_code) == (
        "error: this wants to be confirmed\nhint: --yes confirms it\n",
        2,
    )
    assert (deleted, deleted.stderr, deleted.exit_code) == ("", "model shelf/mine is deleted\n", 0)
    assert gone.exit_code == 1


def test_a_question_comes_before_a_model_is_deleted(warm_shell: Shell) -> None:
    warm_shell.run("models", "create", "local:shelf/asked")

    with_no = warm_shell.terminal("models", "delete", "local:shelf/asked")
    with_no.shows("Delete the model shelf/asked on local?")
    with_no.press("n\r")
    refused = with_no.end()
    kept = warm_shell.run("models", "show", "local:shelf/asked", "-q")
    with_yes = warm_shell.terminal("models", "delete", "local:shelf/asked")
    with_yes.shows("Delete the model shelf/asked on local?")
    with_yes.press("y\r")
    agreed = with_yes.end()

    assert (refused, kept, agreed) == (0, "shelf/asked\n", 0)
    assert "nothing was deleted" in with_no.text
    assert warm_shell.run("models", "show", "local:shelf/asked").exit_code == 1


def test_the_bundled_models_cannot_be_changed(warm_rcli: Run) -> None:
    told = warm_rcli("models", "update", "rcli/hello", "--description", "Mine")
    nothing = warm_rcli("models", "update", "rcli/hello")

    assert (told.stderr, told.exit_code) == (
        "error: The models of rcli come with rcli and cannot be changed\n",
        4,
    )
    assert nothing.exit_code == 2
    assert nothing.stderr.startswith("error: nothing to change is named\n")


def listed(*names: str, following: str | None = None) -> dict[str, Any]:
    rows = [dict(zip(("owner", "name"), name.split("/"), strict=True)) for name in names]
    return {"next": following, "previous": None, "results": rows}
