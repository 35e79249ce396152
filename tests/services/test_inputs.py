"""From words to JSON: what is sent, what is refused before anything is sent, and what a refusal says."""

from __future__ import annotations

import base64
import io
import json
import os
import sys
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from subprocess import run as run_process
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rcli.errors import InvalidInput, RcliError, UsageError
from rcli.services.models.schema import input_fields
from rcli.services.request import words
from rcli.services.request.inputs import Inputs, Pair, build, parse_pairs, resolve_files
from rcli.services.request.sources import Sources

Document = dict[str, Any]
Vector = Callable[[str], Document]
Describe = Callable[..., Document]
Build = Callable[..., Inputs]


@pytest.fixture
def made(tmp_path: Path) -> Build:
    """Builds inputs in a folder of their own: ``made(document, "key=value", …, defaults={}, stdin=b"")``."""
    (tmp_path / "home").mkdir()

    def make(
        document: Any,
        *texts: str,
        defaults: Document | None = None,
        stdin: bytes = b"",
        component: str = "Input",
    ) -> Inputs:
        return build(
            document,
            parse_pairs(texts),
            defaults or {},
            sources=Sources(tmp_path, tmp_path / "home", io.BytesIO(stdin)),
            component=component,
        )

    return make


def refusal(made: Build, document: Any, *texts: str, **others: Any) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        made(document, *texts, **others)
    return caught.value


# words


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("prompt=a cat", Pair("prompt", "text", "a cat")),
        ("prompt=", Pair("prompt", "text", "")),
        ("url=https://x.y/?a=b", Pair("url", "text", "https://x.y/?a=b")),
        ("seed:=5", Pair("seed", "json", "5")),
        ("image=@cat.png", Pair("image", "file", "cat.png")),
        ("image=@-", Pair("image", "file", "-")),
        ("name=@@rcli", Pair("name", "text", "@rcli")),
        ("text:=@x", Pair("text", "json", "@x")),
    ],
)
def test_a_word_is_cut_at_its_first_equals_sign(text: str, pair: Pair) -> None:
    assert parse_pairs([text]) == [pair]


@pytest.mark.parametrize("text", ["prompt", "=x", ":=5", ""])
def test_a_word_without_a_key_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no input") as caught:
        parse_pairs([text])

    assert caught.value.hint == "write key=value, key:=JSON or key=@file"


# types


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "integer"}, "-12", -12),
        ({"type": "integer"}, "007", 7),
        ({"type": "number"}, "2", 2),
        ({"type": "number"}, "2.50", 2.5),
        ({"type": "number"}, "-1e-3", -0.001),
        ({"type": "number"}, ".5", 0.5),
        ({"type": "boolean"}, "true", True),
        ({"type": "boolean"}, "No", False),
        ({"type": "boolean"}, "1", True),
        ({"type": "string"}, "5", "5"),
        ({"type": "string"}, "null", "null"),
        ({"type": "string", "nullable": True}, "null", None),
        ({"type": "integer", "nullable": True}, "null", None),
        ({"type": "object"}, '{"a": 1}', {"a": 1}),
        ({"type": "array", "items": {"type": "integer"}}, "5", [5]),
        ({"type": "array", "items": {"type": "integer"}}, "[5, 6]", [5, 6]),
        ({"type": "array", "items": {"type": "string"}}, "[red] cat", ["[red] cat"]),
        ({"type": "array", "items": {"type": "string"}}, '["red", "cat"]', ["red", "cat"]),
        ({"type": "string", "format": "uri"}, "https://x.y/cat.png", "https://x.y/cat.png"),
        ({"type": "string", "format": "uri"}, "data:text/plain,hi", "data:text/plain,hi"),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, "12", 12),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, "007", "007"),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, "1.5", "1.5"),
        ({"anyOf": [{"type": "integer"}, {"type": "boolean"}]}, "true", True),
        ({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}, "a", "a"),
        ({"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "string"}}]}, "a", ["a"]),
        ({}, "5", "5"),
    ],
)
def test_a_text_is_read_by_the_inputs_type(
    made: Build, describe: Describe, schema: Any, text: str, value: Any
) -> None:
    found = made(describe({"x": schema}), f"x={text}").values

    assert json.dumps(found) == json.dumps({"x": value})


@pytest.mark.parametrize(
    ("schema", "text", "said"),
    [
        ({"type": "integer"}, "many", "x: 'many' is not a whole number"),
        ({"type": "integer"}, "3.5", "x: '3.5' is not a whole number"),
        ({"type": "integer"}, "", "x: '' is not a whole number"),
        ({"type": "integer"}, "null", "x: 'null' is not a whole number"),
        ({"type": "number"}, "nan", "x: 'nan' is not a number"),
        ({"type": "number"}, "1e999", "x: '1e999' is not a number"),
        ({"type": "boolean"}, "maybe", "x: 'maybe' is not true or false"),
        ({"type": "object"}, "[1]", "x: '[1]' is not a JSON object"),
        ({"type": "array", "items": {"type": "integer"}}, "a", "x: 'a' is not a whole number"),
        ({"type": "string", "format": "uri"}, "cat.png", "x: 'cat.png' is not a URL (http, https or data)"),
        (
            {"type": "string", "format": "uri"},
            "file:///a",
            "x: 'file:///a' is not a URL (http, https or data)",
        ),
        (
            {"anyOf": [{"type": "integer"}, {"type": "boolean"}]},
            "a",
            "x: 'a' is not a whole number or true or false",
        ),
        ({"type": "integer", "minimum": 1}, "0", "x: 0 is less than 1"),
        ({"type": "number", "maximum": 0.5, "nullable": True}, "2", "x: 2 is more than 0.5"),
        ({"type": "string", "minLength": 2}, "a", "x: 'a' is shorter than 2 characters"),
        ({"type": "string", "maxLength": 2}, "abc", "x: 'abc' is longer than 2 characters"),
        ({"type": "string", "pattern": "^[A-Z]+$"}, "a", "x: 'a' does not match the pattern ^[A-Z]+$"),
        (
            {"type": "string", "enum": ["Red", "Blue"]},
            "red",
            "x: 'red' is not one of 'Red', 'Blue'; did you mean Red?",
        ),
        ({"type": "integer", "enum": [5, 3]}, "4", "x: 4 is not one of 5, 3"),
        (
            {"type": "array", "items": {"type": "integer", "maximum": 3}},
            "[1, 9]",
            "x: 9 at [1] is more than 3",
        ),
        (
            {"type": "object", "properties": {"a": {"type": "integer", "nullable": True}}},
            '{"a": "b"}',
            "x: 'b' at a is of none of the allowed types",
        ),
    ],
)
def test_a_value_that_does_not_suit_is_refused(
    made: Build, describe: Describe, schema: Any, text: str, said: str
) -> None:
    assert refusal(made, describe({"x": schema}), f"x={text}").message == said


def test_json_is_taken_as_it_is(made: Build, llama: Document) -> None:
    found = made(llama, 'prompt:="null"', "top_p:=1e-1", "max_tokens:=7").values

    assert found == {"prompt": "null", "top_p": 0.1, "max_tokens": 7}


@pytest.mark.parametrize(
    "text", ["{", "NaN", "1e999", "[" * 5000, "9" * 5000, '"\\ud800"', "[" * 200 + "]" * 200]
)
def test_what_is_no_json_is_refused_without_being_repeated(made: Build, text: str) -> None:
    error = refusal(made, {}, f"x:={text}")

    assert error.message.startswith("x: ")
    assert text not in error.message or text == "NaN"


def test_null_needs_an_input_that_is_nullable(made: Build, llama: Document) -> None:
    assert refusal(made, llama, "prompt:=null").message == "prompt: null is not a text"


def test_a_list_grows_by_every_word(made: Build, vector: Vector) -> None:
    document = vector("12-list-inputs")

    found = made(document, "titles=Emma", "pages=1", 'titles:=["Ada", "Lolita"]', "pages=2").values

    assert found == {"titles": ["Emma", "Ada", "Lolita"], "pages": [1, 2]}


def test_an_input_that_is_no_list_is_given_once(made: Build, llama: Document) -> None:
    error = refusal(made, llama, "prompt=a", "prompt=b")

    assert error.message == "prompt: was given 2 times, and takes a text"


def test_an_enum_is_typed_through_its_reference(made: Build, vector: Vector) -> None:
    document = vector("04-choices-literal")

    found = made(document, "minutes=5", "litres=0.5", "lid=false", "sugar=null").values

    assert found == {"minutes": 5, "litres": 0.5, "lid": False, "sugar": None}


def test_all_problems_are_told_at_once(made: Build, sdxl: Document) -> None:
    error = refusal(
        made,
        sdxl,
        "promt=a cat",
        "num_outputs=9",
        "width=wide",
        "scheduler=ddim",
        "image=@cat.png",
        "zebra=1",
    )

    assert error.message.splitlines() == [
        "the inputs are not accepted:",
        "  width: 'wide' is not a whole number",
        f"  image: there is no file {error.message.split('there is no file ')[1].splitlines()[0]}",
        "  promt: unknown input; did you mean prompt?",
        "  zebra: unknown input; inputs are: prompt, image, width, num_outputs, scheduler, guidance_scale",
        "  num_outputs: 9 is more than 4",
        "  scheduler: 'ddim' is not one of 'DDIM', 'K_EULER', 'PNDM'; did you mean DDIM?",
    ]


def test_what_is_missing_is_told_with_what_it_takes(made: Build, vector: Vector) -> None:
    error = refusal(made, vector("15-file-and-secret-inputs"), "token=x")

    assert error.message.splitlines() == [
        "the inputs are not accepted:",
        "  negative: required, and takes a file or a URL",
        "  scans: required, and takes a list (each a file or a URL)",
        "  paper: required, and takes a file or a URL",
    ]


def test_a_training_is_checked_by_its_own_inputs(made: Build, vector: Vector) -> None:
    error = refusal(made, vector("45-train-function"), "steps=0", component="TrainingInput")

    assert error.message.splitlines() == [
        "the inputs are not accepted:",
        "  songs: required, and takes a file or a URL",
        "  steps: 0 is less than 1",
    ]


def test_no_error_repeats_a_secret(made: Build, describe: Describe) -> None:
    secret = {"type": "string", "format": "password", "x-cog-secret": True}
    document = describe(
        {
            "short": secret | {"maxLength": 3},
            "shaped": secret | {"pattern": "^r8_"},
            "listed": {"type": "array", "items": secret | {"minLength": 99}},
            "several": {"anyOf": [secret | {"maxLength": 3}, {"type": "integer"}]},
            "object": secret,
        }
    )

    error = refusal(
        made,
        document,
        *("short=hunter2", "shaped=hunter2", "listed=hunter2", "several=hunter2"),
        *('object:={"hunter2": 1}', "hunter=hunter2"),
    )

    assert len(error.message.splitlines()) == 1 + 6
    assert "hunter2" not in f"{error.message} {error.hint} {error!r}"


def test_pairs_and_inputs_do_not_show_their_values() -> None:
    assert "hunter2" not in repr(parse_pairs(["token=hunter2"]))
    assert "hunter2" not in repr(Inputs({"token": "hunter2"}))


# schemas that tell nothing, or nonsense


def test_without_a_schema_texts_stay_texts(made: Build, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hi")

    found = made({}, "n=5", "b=true", "j:=[1]", "f=@a.txt", "l=1", "l=2")

    assert found.values == {"n": "5", "b": "true", "j": [1], "f": "@a.txt", "l": ["1", "2"]}
    assert [file.at for file in found.files] == [("f",)]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "("},
        {"type": "string", "maxLength": "long"},
        {"type": "string", "allOf": [{"$ref": "http://127.0.0.1:1/schema"}]},
        {"type": "string", "$schema": "http://127.0.0.1:1/meta", "$id": "http://127.0.0.1:1/id"},
        {"type": "string", "allOf": [{"$ref": "#/components/schemas/gone"}]},
    ],
)
def test_a_schema_that_is_wrong_itself_is_left_to_the_server(
    made: Build, describe: Describe, schema: Any
) -> None:
    assert made(describe({"x": schema}), "x=a").values == {"x": "a"}


def test_references_in_circles_are_checked(made: Build, describe: Describe) -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/node"}}}
    document = describe({"x": {"$ref": "#/components/schemas/node"}}, node=node)

    assert made(document, 'x={"next": {"next": {}}}').values == {"x": {"next": {"next": {}}}}
    assert refusal(made, document, 'x={"next": {"next": 5}}').message.startswith("x: 5 at next.next is not")


def test_plain_types_do_not_pay_for_the_validator() -> None:
    program = (
        "import io, pathlib, sys; from rcli.services.request.inputs import Sources, build, parse_pairs\n"
        "here = pathlib.Path()\n"
        "inputs = {'properties': {'text': {'type': 'string', 'title': 'Text', 'x-order': 0}}}\n"
        "document = {'components': {'schemas': {'Input': inputs}}}\n"
        "build(document, parse_pairs(['text=hi']), {}, sources=Sources(here, here, io.BytesIO()))\n"
        "sys.exit('jsonschema_rs' in sys.modules)\n"
    )

    assert run_process([sys.executable, "-c", program], check=False).returncode == 0


# defaults


def test_what_is_written_wins_over_the_projects_defaults(made: Build, llama: Document) -> None:
    found = made(llama, "prompt=b", defaults={"prompt": "a", "max_tokens": 5}).values

    assert found == {"prompt": "b", "max_tokens": 5}


def test_a_default_is_checked_like_any_input(made: Build, llama: Document) -> None:
    error = refusal(made, llama, "prompt=b", defaults={"max_tokens": "5", "when": date(2024, 1, 1), "top": 1})

    assert error.message.splitlines() == [
        "the inputs are not accepted:",
        "  when: JSON has no dates and no infinite numbers",
        "  when: unknown input; inputs are: prompt, max_tokens, top_p",
        "  top: unknown input; did you mean top_p?",
        "  max_tokens: '5' is not a whole number",
    ]


def test_a_default_chooses_no_file(made: Build, vector: Vector, tmp_path: Path) -> None:
    (tmp_path / "id_rsa").write_text("private")
    document = vector("45-train-function")

    error = refusal(made, document, defaults={"songs": "@id_rsa"}, component="TrainingInput")
    found = made(document, "songs=https://x.y/a", defaults={"songs": "@id_rsa"}, component="TrainingInput")

    assert error.message == "songs: '@id_rsa' is not a URL (http, https or data)"
    assert found.files == ()


# files


def test_files_are_marked_where_they_belong(made: Build, vector: Vector, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"png")
    (tmp_path / "home" / "b.webp").write_bytes(b"webp!")

    found = made(
        vector("15-file-and-secret-inputs"),
        *("negative=@a.png", "scans=@~/b.webp", "scans=https://x.y/c", "scans=@a.png", "paper=@-", "token=t"),
        stdin=b"piped",
    )

    assert found.values == {
        "negative": "@a.png",
        "scans": ["@~/b.webp", "https://x.y/c", "@a.png"],
        "paper": "@-",
        "token": "t",
    }
    assert [(file.at, file.path, file.name, file.size, file.content_type) for file in found.files] == [
        (("negative",), tmp_path / "a.png", "a.png", 3, "image/png"),
        (("scans", 0), tmp_path / "home" / "b.webp", "b.webp", 5, "image/webp"),
        (("scans", 2), tmp_path / "a.png", "a.png", 3, "image/png"),
        (("paper",), None, "stdin", 5, "application/octet-stream"),
    ]


def test_a_missing_file_is_named(made: Build, sdxl: Document, tmp_path: Path) -> None:
    assert refusal(made, sdxl, "image=@cat.png").message == f"image: there is no file {tmp_path}/cat.png"


def test_a_path_without_its_at_sign_gets_it_in_the_hint(made: Build, sdxl: Document, tmp_path: Path) -> None:
    (tmp_path / "{cat}.png").touch()

    error = refusal(made, sdxl, "image={cat}.png")

    assert error.hint == "image=@{cat}.png sends a file of yours"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("image=@", "no file is named behind the @"),
        ("image=@folder", "is a folder, not a file"),
        ("image=@" + "n" * 300, "File name too long"),
        ("image=@a\0b", "null byte"),
        ("image=@a.txt/b", "Not a directory"),
    ],
)
def test_what_cannot_be_read_is_refused(
    made: Build, sdxl: Document, tmp_path: Path, word: str, said: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "a.txt").touch()

    assert said in refusal(made, sdxl, word).message


def test_a_file_of_100_mb_is_refused_before_it_is_read(made: Build, sdxl: Document, tmp_path: Path) -> None:
    with (tmp_path / "huge.png").open("wb") as sparse:
        sparse.truncate(100 * 1000 * 1000)

    error = refusal(made, sdxl, "image=@huge.png")

    assert "is larger than 100 MB" in error.message
    assert error.hint == "put it on a web server and give its URL"


def test_standard_input_is_read_once(made: Build, vector: Vector) -> None:
    error = refusal(made, vector("05-deprecated-and-accept"), "sheet=@-", "track=@-", "tiles=https://x.y/a")

    assert error.message == "track: standard input can be read only once"


def test_a_pipe_is_read_like_standard_input(made: Build, sdxl: Document, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(b"from a pipe",))
    writer.start()

    found = made(sdxl, "image=@pipe")
    writer.join()

    assert [(file.size, file.content) for file in found.files] == [(11, b"from a pipe")]


def test_a_text_input_takes_the_text_of_a_file(made: Build, llama: Document, tmp_path: Path) -> None:
    (tmp_path / "prompt.txt").write_bytes("  Grüße\r\n\n".encode())

    found = made(llama, "prompt=@prompt.txt", "max_tokens=@-", stdin=b" 12\n")

    assert found == Inputs({"prompt": "  Grüße\r\n\n", "max_tokens": 12})


def test_a_file_that_is_no_text_is_no_text(made: Build, llama: Document, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG")

    error = refusal(made, llama, "prompt=@a.png")

    assert error.message == f"prompt: {tmp_path}/a.png is not UTF-8 text (byte 0)"


def test_a_secret_from_a_file_loses_its_line_break(made: Build, vector: Vector) -> None:
    found = made(
        vector("15-file-and-secret-inputs"),
        *("token=@-", "negative=https://x.y/a", "paper=https://x.y/a", "scans=https://x.y/a"),
        stdin=b"s3cret\r\n",
    )

    assert found.values["token"] == "s3cret"


# sending


def test_small_files_travel_inside_and_large_ones_are_uploaded_once(
    made: Build, vector: Vector, tmp_path: Path
) -> None:
    (tmp_path / "small.png").write_bytes(b"x" * 256 * 1024)
    (tmp_path / "large.png").write_bytes(b"x" * (256 * 1024 + 1))
    inputs = made(
        vector("15-file-and-secret-inputs"),
        *("negative=@large.png", "scans=@small.png", "scans=@large.png", "scans=https://x.y/a"),
        *("paper=@-", "token=t"),
        stdin=b"y" * 300_000,
    )
    sent: list[tuple[Path | bytes, str, str]] = []

    def upload(content: Path | bytes, name: str, content_type: str) -> str:
        sent.append((content, name, content_type))
        return f"https://api.test/files/{name}"

    found = resolve_files(inputs, upload)

    assert sent == [
        (tmp_path / "large.png", "large.png", "image/png"),
        (b"y" * 300_000, "stdin", "application/octet-stream"),
    ]
    assert found == {
        "negative": "https://api.test/files/large.png",
        "scans": [
            "data:image/png;base64," + base64.b64encode(b"x" * 256 * 1024).decode(),
            "https://api.test/files/large.png",
            "https://x.y/a",
        ],
        "paper": "https://api.test/files/stdin",
        "token": "t",
    }
    assert inputs.values["negative"] == "@large.png"


def test_a_small_file_can_carry_its_name(made: Build, sdxl: Document, tmp_path: Path) -> None:
    (tmp_path / "my cat;1,ü.png").write_bytes(b"x")
    inputs = made(sdxl, "image=@my cat;1,ü.png", "prompt=x")

    found = resolve_files(inputs, lambda *_: "never", named=True)

    assert found["image"] == "data:image/png;name=my%20cat%3B1%2C%C3%BC.png;base64,eA=="


def test_a_file_that_vanishes_before_it_is_sent_is_named(made: Build, sdxl: Document, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    inputs = made(sdxl, "image=@a.png")
    (tmp_path / "a.png").unlink()

    with pytest.raises(RcliError, match=r"cannot read .*a\.png: No such file"):
        resolve_files(inputs, lambda *_: "never")


# any words at all

NAMES = st.sampled_from(
    [
        "titles",
        "pages",
        "weights_kg",
        "tags",
        "shelves",
        "street_number",
        "extras",
        "token",
        "negative",
        "lid",
    ]
)
WORDS = st.lists(
    st.builds(
        "{}{}{}".format, NAMES | st.text(max_size=5), st.sampled_from(["=", ":=", "=@", "=@@", ""]), st.text()
    )
    | st.text(),
    max_size=6,
)

KEYWORDS = [
    *(
        "$ref",
        "allOf",
        "anyOf",
        "type",
        "enum",
        "nullable",
        "format",
        "items",
        "properties",
        "minimum",
        "pattern",
    ),
    *("default", "x-cog-secret", "maxLength", "required", "additionalProperties"),
]
NODES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        ["string", "integer", "array", "object", "uri", "password", "#/components/schemas/other"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=5),
    max_leaves=15,
)


@given(words=WORDS, number=st.sampled_from(["04-choices-literal", "11-union-inputs", "12-list-inputs", ""]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_words_give_json_or_a_refusal(made: Build, vector: Vector, words: list[str], number: str) -> None:
    try:
        found = made(vector(number) if number else {}, *words, stdin=b"\xff")
    except UsageError:
        return

    assert json.loads(json.dumps(found.values, ensure_ascii=False, allow_nan=False).encode()) == found.values


@given(node=NODES, other=NODES, text=st.text() | st.sampled_from(["5", "true", "[1]", '{"a": 1}', "null"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_schema_gives_json_or_a_refusal(
    made: Build, describe: Describe, node: Any, other: Any, text: str
) -> None:
    document = describe({"x": node}, other=other)

    for word in (f"x={text}", "x:=[{}, 1]", "x=@-"):
        try:
            found = made(document, word, stdin=b"text")
        except UsageError:
            continue
        assert json.loads(json.dumps(found.values)) == found.values


@given(
    whole=st.integers(-(10**30), 10**30),
    number=st.floats(allow_nan=False, allow_infinity=False),
    truth=st.booleans(),
    text=st.text(st.characters(exclude_categories=["Cs"])).filter(lambda text: not text.startswith("@")),
    texts=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_typed_values_survive_being_written(
    made: Build, describe: Describe, whole: int, number: float, truth: bool, text: str, texts: list[str]
) -> None:
    kinds = {"whole": "integer", "number": "number", "truth": "boolean", "text": "string"}
    listed = {"type": "array", "items": {"type": "string"}}
    document = describe({name: {"type": kind} for name, kind in kinds.items()} | {"texts": listed})

    found = made(
        document,
        *(f"whole={whole}", f"number={number!r}", f"truth={str(truth).lower()}", f"text={text}"),
        f"texts:={json.dumps(texts)}",
    ).values

    assert found == {"whole": whole, "number": number, "truth": truth, "text": text, "texts": texts}


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 2147483647}, "1…2147483647"),
        ({"type": "number", "minimum": 0}, "at least 0"),
        ({"type": "number", "maximum": 0.5}, "up to 0.5"),
        ({"type": "string", "minLength": 1}, "at least 1 character"),
        ({"type": "string", "maxLength": 80}, "up to 80 characters"),
        ({"type": "string", "minLength": 2, "maxLength": 3}, "2…3 characters"),
        ({"type": "string"}, None),
    ],
)
def test_bounds_are_told_in_words(schema: Document, told: str | None) -> None:
    (field,) = input_fields({"components": {"schemas": {"Input": {"properties": {"x": schema}}}}})

    assert words.bounds(field) == told
