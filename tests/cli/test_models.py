"""``rcli models``: what there is to run, and what it takes."""

from __future__ import annotations

import json

from tests.cli.conftest import PROJECTS, Shell
from tests.conftest import Run


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
    unknown = warm_rcli("models", "schema", "ada/lovelace")

    assert (misspelt.stderr, misspelt.exit_code) == (
        "error: there is no model rcli/smolm2 on local\nhint: did you mean rcli/smollm2?\n",
        1,
    )
    assert (unknown.stderr, unknown.exit_code) == (
        "error: there is no model ada/lovelace on local\nhint: rcli models list --host local\n",
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
        ["prompt", "a text", "required", "1… characters"],
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
