"""Where Cog's own generator is led astray by how something is written, what Python means counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from rcli.engine.schema import SchemaError

Describe: TypeAlias = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        (r'"tab\tand \"quotes\" \u00e9"', 'tab\tand "quotes" é'),
        ("'one ' \"two \" '''three'''", "one two three"),
        ("('in parentheses')", "in parentheses"),
        ("u'unicode'", "unicode"),
        ("f'plain'", "plain"),
        ("f'up to {LIMIT} steps'", "up to 9 steps"),
        ("r'''raw \\d'''", "raw \\d"),
        ("'first ' + NAME", "first name"),
        ("'=' * 3", "==="),
    ],
)
def test_a_string_has_the_value_that_python_gives_it(one_input: Describe, literal: str, text: str) -> None:
    schema = one_input(f"str = Input(default={literal}, description={literal})", "LIMIT = 9\nNAME = 'name'")

    assert schema == {"type": "string", "default": text, "description": text}


@pytest.mark.parametrize(
    "choices",
    [
        "('a', 'b')",
        "[\n    'a',  # the first\n    'b',\n]",
        "[*FIRST, 'b']",
        "sorted({'b', 'a'})",
        "list(NAMES)",
        "[NAMES['one'], ALL[-1]]",
    ],
)
def test_choices_may_be_written_in_any_static_way(schemas: Describe, choices: str) -> None:
    source = f"""\
from cog import Input
FIRST = ["a"]
ALL = FIRST + ["b"]
NAMES = {{"a": 1, "b": 2, "one": "a"}}
def run(x: str = Input(choices={choices})) -> str: ...
"""
    if choices == "list(NAMES)":
        source = source.replace(', "one": "a"', "")

    assert schemas(source)["x"]["enum"] == ["a", "b"]


def test_choices_may_be_a_range(schemas: Describe) -> None:
    components = schemas(
        """\
        from cog import Input
        def run(x: int = Input(choices=list(range(2, 8, 2)), default=4)) -> str: ...
        """
    )

    assert components["x"] == {
        "title": "x",
        "description": "An enumeration.",
        "enum": [2, 4, 6],
        "type": "integer",
    }


def test_limits_may_be_constants(inputs: Describe) -> None:
    found = inputs(
        """\
        from cog import Input
        LOW, HIGH = 1, 2 ** 4
        PATTERN = r"^a+$"
        def run(
            steps: int = Input(ge=LOW, le=HIGH - 1),
            name: str = Input(min_length=LOW, max_length=HIGH, regex=PATTERN),
        ) -> str: ...
        """
    )

    assert found == {
        "steps": {"type": "integer", "minimum": 1, "maximum": 15},
        "name": {"type": "string", "minLength": 1, "maxLength": 16, "pattern": "^a+$"},
    }


@pytest.mark.parametrize(
    ("before", "default"),
    [
        ("BASE = 4\nVALUE = BASE", 4),
        ("BASE = 4\nVALUE = BASE * 2 + 1", 9),
        ("VALUE = 1\nVALUE = VALUE + 1", 2),
        ("VALUE = 1\nVALUE += 4", 5),
        ("import os\nif os.name == 'posix':\n    VALUE = 3", 3),
        ("import os\nif os.name == 'posix':\n    VALUE = 3\nelse:\n    VALUE = 3", 3),
        ("try:\n    VALUE = 5\nexcept ImportError:\n    VALUE = 6", 5),
        ("try:\n    import torch\nexcept ImportError:\n    VALUE = 6", 6),
        ("class Settings:\n    VALUE = 8\nVALUE = Settings.VALUE", 8),
        ("VALUE = -(1 << 3)", -8),
        ("VALUE = len('four')", 4),
    ],
)
def test_a_constant_may_be_made_of_others(one_input: Describe, before: str, default: int) -> None:
    schema = one_input("int = VALUE", before)

    assert schema == {"type": "integer", "default": default}


def test_a_constant_has_the_value_of_its_place(inputs: Describe) -> None:
    found = inputs(
        """\
        STEPS = 10
        TWICE = STEPS * 2
        def run(steps: int = STEPS, twice: int = TWICE) -> str: ...
        STEPS = 99
        """
    )

    assert {name: schema["default"] for name, schema in found.items()} == {"steps": 10, "twice": 20}


@pytest.mark.parametrize(
    "before",
    [
        "import os\nif os.name == 'posix':\n    VALUE = 1\nelse:\n    VALUE = 2",
        "VALUE = 1\nimport os\nif os.environ:\n    VALUE = 2",
        "for VALUE in range(3):\n    pass",
        "VALUE = VALUE",
        "VALUE = 1\ndel VALUE",
        "VALUE = 1 / 0",
        "VALUE = 1 if input() else 2",
        "VALUE = 2 ** 10000",
        "VALUE = 1e999",
    ],
)
def test_a_value_that_only_a_run_can_know_is_refused(one_input: Describe, before: str) -> None:
    with pytest.raises(SchemaError, match=r"^run.py:\d+: x: the default must be a JSON value that can"):
        one_input("int = VALUE", before)


@pytest.mark.parametrize(
    "change", ["NAMES.append(input())", "NAMES[0] = input()", "del NAMES[0]", "if input(): NAMES += ['c']"]
)
def test_a_list_that_is_changed_later_is_not_taken_for_its_literal(one_input: Describe, change: str) -> None:
    with pytest.raises(SchemaError, match="x: the choices must be JSON values that can be known"):
        one_input("str = Input(choices=NAMES)", f"NAMES = ['a', 'b']\n{change}")


def test_constants_come_from_local_files(inputs: Describe) -> None:
    found = inputs(
        {
            "run.py": """\
                import config
                import pkg.limits
                from cog import Input
                from config import STEPS
                from pkg import limits as boundaries
                from shared import *
                def run(
                    a: int = STEPS,
                    b: int = config.STEPS + 1,
                    c: int = Input(default=1, le=boundaries.HIGH),
                    d: int = pkg.limits.HIGH,
                    e: str = WORD,
                ) -> str: ...
                """,
            "config.py": "from pkg.limits import HIGH\nSTEPS = HIGH // 2\n",
            "pkg/limits.py": "HIGH = 50\n",
            "shared.py": "WORD = 'hello'\n",
        }
    )

    assert found == {
        "a": {"type": "integer", "default": 25},
        "b": {"type": "integer", "default": 26},
        "c": {"type": "integer", "default": 1, "maximum": 50},
        "d": {"type": "integer", "default": 50},
        "e": {"type": "string", "default": "hello"},
    }


@pytest.mark.parametrize(
    ("header", "call"),
    [
        ("import cog", "cog.Input"),
        ("import cog as c", "c.Input"),
        ("from cog.input import Input", "Input"),
        ("from cog import Input as Field", "Field"),
        ("from cog import *", "Input"),
    ],
)
def test_input_may_be_reached_in_any_way(inputs: Describe, header: str, call: str) -> None:
    found = inputs(f"{header}\ndef run(x: int = {call}(5, ge=1)) -> str: ...\n")

    assert found == {"x": {"type": "integer", "default": 5, "minimum": 1}}


def test_another_function_called_input_is_not_cogs(inputs: Describe) -> None:
    with pytest.raises(SchemaError, match="x: the default must"):
        inputs("from gradio import Input\ndef run(x: int = Input(default=5)) -> str: ...\n")


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        ("Annotated[int, 'two words']", {"type": "integer"}),
        ("Maybe[str]", {"type": "string", "nullable": True}),
        ("typing.Optional['List[Number]']", {"type": "array", "items": {"type": "number"}, "nullable": True}),
        ("Photo", {"type": "string", "format": "uri"}),
        ("Names | None", {"type": "array", "items": {"type": "string"}, "nullable": True}),
        ("OptionalNames", {"type": "array", "items": {"type": "string"}, "nullable": True}),
        ("'Maybe[' 'int]'", {"type": "integer", "nullable": True}),
        ("Union[int, int]", {"type": "integer"}),
        ("Union[int, Union[str, None]]", {
            "anyOf": [{"type": "integer", "nullable": True}, {"type": "string", "nullable": True}],
            "nullable": True,
        }),
    ],
)  # fmt: skip
def test_types_may_be_renamed_quoted_and_nested(
    inputs: Describe, annotation: str, schema: dict[str, Any]
) -> None:
    found = inputs(
        f"""\
import typing
from typing import Annotated, List, Union
from typing import Optional as Maybe
from cog import Path as Photo
Number = float
Names = list[str]
OptionalNames = Maybe[Names]
def run(x: {annotation}) -> str: ...
"""
    )

    assert found == {"x": schema}


def test_annotated_fields_of_a_model_are_kept(schemas: Describe) -> None:
    components = schemas(
        """\
        from typing import Annotated, ClassVar
        from cog import BaseModel
        LIMIT = 3
        class Result(BaseModel):
            kind: ClassVar[str] = "result"
            count: Annotated[int, "two words"]
            limit: int = LIMIT
        def run() -> Result: ...
        """
    )

    assert components["Output"] == {
        "title": "Output",
        "type": "object",
        "properties": {
            "count": {"title": "Count", "type": "integer"},
            "limit": {"title": "Limit", "type": "integer"},
        },
        "required": ["count"],
    }


def test_names_of_the_class_body_count(inputs: Describe) -> None:
    found = inputs(
        """\
        from cog import BaseRunner, Input
        STEPS = 1
        class Runner(BaseRunner):
            STEPS = 7
            prompt = Input(description="What to draw")
            def run(self, steps: int = STEPS, text: str = prompt) -> str: ...
        """,
        "run.py:Runner",
    )

    assert found == {
        "steps": {"type": "integer", "default": 7},
        "text": {"type": "string", "description": "What to draw"},
    }


def test_an_input_may_come_from_a_constant_or_a_function_that_uses_its_arguments(inputs: Describe) -> None:
    found = inputs(
        """\
        from cog import Input
        SEED = Input(description="Random seed", ge=0)
        def percent(start, *, ge=0):
            return Input(default=start * 10, ge=ge * 10, le=HIGH)
        HIGH = 100
        def run(seed: int = SEED, share: int = percent(5), rest: int = percent(start=2, ge=1)) -> str: ...
        """
    )

    assert found == {
        "seed": {"type": "integer", "description": "Random seed", "minimum": 0},
        "share": {"type": "integer", "default": 50, "minimum": 0, "maximum": 100},
        "rest": {"type": "integer", "default": 20, "minimum": 10, "maximum": 100},
    }


def test_choices_of_a_list_are_those_of_its_items(schemas: Describe) -> None:
    components = schemas(
        """\
        from cog import Input
        def run(x: list[str] = Input(choices=["a", "b"], default=["b"])) -> str: ...
        """
    )

    assert components["Input"]["properties"]["x"] == {
        "x-order": 0,
        "title": "X",
        "type": "array",
        "items": {"$ref": "#/components/schemas/x"},
        "default": ["b"],
    }


def test_a_class_may_carry_the_name_of_its_imported_base(inputs: Describe) -> None:
    found = inputs(
        {
            "run.py": "from base import Runner\nclass Runner(Runner):\n    pass\n",
            "base.py": "class Runner:\n    def run(self, x: int) -> str: ...\n",
        },
        "run.py:Runner",
    )

    assert found == {"x": {"type": "integer"}}


def test_the_target_may_be_imported_renamed_or_static(inputs: Describe) -> None:
    found = inputs(
        {
            "run.py": "from lib import Tool\nRunner = Tool\n",
            "lib.py": """\
                class Tool:
                    @staticmethod
                    def _run(x: int) -> str: ...
                    run = _run
                """,
        },
        "run.py:Runner",
    )

    assert found == {"x": {"type": "integer"}}


@pytest.mark.parametrize(
    ("parameter", "problem"),
    [
        ("int = 'a'", 'x: the default is not of type "integer"'),
        ("int = Input(default=9, le=5)", "x: the default is greater than the maximum of 5"),
        ("str = Input(default='c', choices=['a', 'b'])", 'x: the default is not one of "a" or "b"'),
        ("str = Input(default='abc', max_length=2)", "x: the default is longer than 2 characters"),
        ("list[int] = [1, 'a']", 'x: the default is not of type "integer", at [1]'),
        ("str = Input(regex='(')", "x: Input() says what JSON Schema cannot: regex='('"),
        ("str = Input(min_length=-1)", "x: Input() says what JSON Schema cannot: min_length=-1"),
        ("int = Input(ge='1')", "x: ge must be a number"),
        ("int = Input(ge=True)", "x: ge must be a number"),
        ("int = Input(choices='abc')", "x: choices must be a list"),
        ("int = Input(gt=1)", "x: Input() has no argument 'gt'"),
        ("int = Input(1, 2)", "Input(…) has positional arguments that have no name"),
        ("int = Input(**OPTIONS)", "Input(…) gets its arguments by **"),
        ("list", "x: a list must say what is in it"),
        ("tuple[int, int]", "x: the type tuple is not supported here"),
        ("Unknown", "x: Unknown is not defined in the project's files"),
        ("'not a type!'", "x: the quoted annotation is not a type"),
        ("print()", "x: print(…) is not a type"),
        ("numpy", "x: numpy is a module, not a type"),
    ],
)
def test_what_cannot_work_is_refused_with_its_reason(
    one_input: Describe, parameter: str, problem: str
) -> None:
    with pytest.raises(SchemaError) as refusal:
        one_input(parameter, "import numpy; OPTIONS = {}")

    assert str(refusal.value).startswith("run.py:3: ")
    assert problem in str(refusal.value)


@pytest.mark.parametrize(
    ("annotation", "hint"),
    [
        ("typing.Literal['a']", "str = Input(choices=[…])"),
        ("tuple", "list[…]"),
        ("Color", "use dict, a TypedDict, or str with choices"),
    ],
)
def test_a_refused_type_comes_with_what_to_write_instead(
    inputs: Describe, annotation: str, hint: str
) -> None:
    with pytest.raises(SchemaError) as refusal:
        inputs(f"import enum, typing\nclass Color(enum.Enum): pass\ndef run(x: {annotation}) -> str: ...\n")

    assert refusal.value.hint == hint


def test_parameters_without_annotation_and_default_are_left_out(inputs: Describe) -> None:
    found = inputs("def run(a, x: int, *args, **kwargs) -> str: ...\n")

    assert found == {"x": {"type": "integer"}}


def test_an_annotated_kwargs_is_refused(inputs: Describe) -> None:
    with pytest.raises(SchemaError, match=r"^run.py:1: kwargs: \*args and \*\*kwargs cannot be inputs"):
        inputs("def run(**kwargs: int) -> str: ...\n")
