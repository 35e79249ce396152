"""Whatever the sources hold: a document or a SchemaError that names file and line, and neither takes long."""

from __future__ import annotations

import json
import os
import re
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rcli.engine.schema import SchemaError, generate

VECTORS = Path(__file__).parents[2] / "schema_vectors"
SOURCES = {
    project.name: (config.get("run") or config.get("predict"), config.get("train"))
    for project in sorted(VECTORS.iterdir())
    if project.is_dir()
    for config in [yaml.safe_load((project / "cog.yaml").read_text())]
}
PLACE = re.compile(r"\A[^\n]*\.(py|yaml):\d+: ")
bounded = settings(
    deadline=timedelta(seconds=1),
    max_examples=400,
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
)


def outcome(files: dict[str, bytes | str], run: str | None = "run.py:run", train: str | None = None) -> str:
    """Generate, and return the document as JSON, or the error's message if it begins with a place."""
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(
                content if isinstance(content, bytes) else content.encode(errors="surrogatepass")
            )
        try:
            return json.dumps(generate(Path(folder), run, train).document)
        except SchemaError as exc:
            return str(exc) if PLACE.match(str(exc)) else ""


@bounded
@given(source=st.text() | st.binary())
def test_any_text_as_source(source: bytes | str) -> None:
    assert outcome({"run.py": source})


NAMES = ["A", "B", "x", "int", "str", "list", "Input", "Optional", "cog", "run", "None", "True", '"A"', "1"]
JOINTS = [".", "[", "]", "(", ")", ", ", " | ", " = ", ": ", "\n", "\n    ", " + ", " * ", "**", "@", " -> "]
WORDS = [
    "def ",
    "class ",
    "if ",
    "else",
    "import ",
    "from ",
    "return ",
    "del ",
    "for ",
    "in ",
    "try",
    "except",
]


@bounded
@given(words=st.lists(st.sampled_from([*NAMES, *JOINTS, *WORDS]), max_size=60))
def test_python_words_in_any_order(words: list[str]) -> None:
    source = "from cog import *\nA = 1\n" + "".join(words) + "\ndef run(x: A = B, y: B = A) -> A: ...\n"

    assert outcome({"run.py": source})


@bounded
@given(data=st.data())
def test_mutated_models(data: st.DataObject) -> None:
    project = data.draw(st.sampled_from(sorted(SOURCES)))
    folder = VECTORS / project
    files: dict[str, bytes | str] = {
        path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.py")
    }
    name = data.draw(st.sampled_from(sorted(files)))
    pieces = re.split(r"(\W)", (folder / name).read_text())
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(pieces) - 1))
        pieces[position] = data.draw(st.sampled_from(["", *NAMES, *JOINTS, *WORDS, *pieces[:200]]))
    run, train = SOURCES[project]

    assert outcome({**files, name: "".join(pieces)}, run, train)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("x = '\0'\ndef run() -> str: ...", id="a null byte"),
        pytest.param(b"# coding: klingon\n", id="an unknown encoding"),
        pytest.param(b"x = '\xff'\n", id="a wrong encoding"),
        pytest.param("def run() -> str: ...".encode("utf-16"), id="utf-16"),
        pytest.param("def run(x: str = '\\ud800') -> str: ...", id="half a surrogate pair"),
        pytest.param("x = " + "(" * 5000, id="nested parentheses"),
        pytest.param("x = " + "-" * 50_000 + "1", id="nested operators"),
        pytest.param("def run(x: int = " + "1+" * 5000 + "1) -> str: ...", id="a long sum"),
        pytest.param("def run(x: a" + ".b" * 400 + ") -> str: ...", id="a long name"),
        pytest.param("if a: pass\n" + "elif a: pass\n" * 3000, id="a long elif"),
        pytest.param(f"def run(x: {'A' * 999!r}) -> {repr(repr(repr('B')))!r}: ...", id="quotes in quotes"),
        pytest.param("def run(x: " + " | ".join(["int"] * 900) + ") -> str: ...", id="a deep union"),
        pytest.param("def run(x: int = " + "9" * 9999 + ") -> str: ...", id="a huge decimal number"),
        pytest.param("def run(x: int = 0x" + "f" * 99_999 + ") -> str: ...", id="a huge hexadecimal number"),
        pytest.param("def run(x: int = 2 ** 64) -> str: ...", id="more than 64 bits"),
        pytest.param("def run(x: int = 9 ** 9 ** 9 ** 9) -> str: ...", id="a tower of powers"),
        pytest.param("def run(x: str = 'a' * 10 ** 12) -> str: ...", id="a huge repetition"),
        pytest.param("def run(x: list[int] = list(range(10 ** 15))) -> str: ...", id="a huge range"),
        pytest.param("def f(): return f()\ndef run(x: int = f()) -> str: ...", id="a function of itself"),
        pytest.param("A = list['A']\ndef run(x: A) -> A: ...", id="a type of itself"),
        pytest.param("class run(run): pass", id="a class of itself"),
        pytest.param(
            "from run import *\nimport run as B\ndef run(x: B.B.C) -> D: ...", id="an import of itself"
        ),
        pytest.param("A = [1]\n" * 24_000 + "def run(x: list[int] = A) -> str: ...", id="a large file"),
        pytest.param("#" * 200_000, id="too large a file"),
    ],
)
def test_monsters(source: bytes | str) -> None:
    assert outcome({"run.py": source})


@pytest.mark.parametrize(
    ("first", "link", "length", "last"),
    [
        ("A0 = 'a' * 999", "A{next} = A{n} + A{n}", 60, "def run(x: str = A60) -> str: ..."),
        ("A0 = [1]", "A{next} = [A{n}, A{n}]", 60, "def run(x: dict = {'a': A60}) -> str: ..."),
        ("A0 = [1]", "A{next} = [A{n}]", 900, "def run(x: dict = {'a': A900}) -> str: ..."),
        ("A0 = int", "A{next} = A{n}", 3000, "def run(x: A3000) -> str: ..."),
        ("A0 = int", "A{next} = Union[list[A{n}], list[A{n}]]", 60, "def run() -> A60: ..."),
        ("A = 1", "if A: A = 1", 900, "def run(x: int = A) -> str: ..."),
        (
            "class M0(BaseModel): x: int",
            "class M{next}(BaseModel): a: M{n}; b: M{n}",
            22,
            "def run() -> M22: ...",
        ),
        (
            "class A0: pass\nclass B0: pass",
            "class A{next}(A{n}, B{n}): pass\nclass B{next}(A{n}, B{n}): pass",
            200,
            "class run(A200, B200): pass",
        ),
    ],
    ids=["texts", "lists", "depth", "aliases", "types", "branches", "models", "bases"],
)
def test_definitions_that_multiply_each_other(first: str, link: str, length: int, last: str) -> None:
    links = [link.format(n=n, next=n + 1) for n in range(length)]
    source = "\n".join(["from cog import *", "from typing import *", first, *links, last])

    assert outcome({"run.py": source})


@pytest.mark.parametrize(
    ("target", "start"),
    [
        ("run.py", "cog.yaml:1: "),
        (":", "cog.yaml:1: "),
        ("run.py:", "cog.yaml:1: "),
        ("run.py:a b", "cog.yaml:1: "),
        ("missing.py:run", "missing.py:1: "),
        ("folder:run", "folder:1: "),
        ("folder.py:run", "folder.py:1: "),
        ("../outside.py:run", "../outside.py:1: "),
        ("/etc/passwd.py:run", "/etc/passwd.py:1: "),
        ("\0.py:run", "\0.py:1: "),
        ("x" * 5000 + ".py:run", "x" * 5000 + ".py:1: "),
    ],
)
def test_a_target_that_is_no_function_of_a_file(tmp_path: Path, target: str, start: str) -> None:
    (tmp_path / "folder.py").mkdir()

    with pytest.raises(SchemaError) as refusal:
        generate(tmp_path, target, None)

    assert str(refusal.value).startswith(start)


def test_no_target_at_all(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="neither run nor train"):
        generate(tmp_path, None, None)


def test_a_fifo_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "run.py")

    with pytest.raises(SchemaError, match="there is no file of this name"):
        generate(tmp_path, "run.py:run", None)


@pytest.mark.parametrize("name", ["link", "links.inside"])
def test_imports_do_not_leave_the_project_through_links(tmp_path: Path, name: str) -> None:
    outside, project = tmp_path / "outside", tmp_path / "project"
    outside.mkdir()
    project.mkdir()
    (outside / "inside.py").write_text("SECRET = 'from outside'\n")
    (project / "link.py").symlink_to(outside / "inside.py")
    (project / "links").symlink_to(outside)
    (project / "run.py").write_text(f"from {name} import SECRET\ndef run(x: str = SECRET) -> str: ...\n")

    with pytest.raises(SchemaError, match="x: the default must be"):
        generate(project, "run.py:run", None)


def test_links_within_the_project_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_text("def run(x: int) -> str: ...\n")
    (tmp_path / "run.py").symlink_to("real.py")

    document = generate(tmp_path, "run.py:run", None).document

    assert list(document["components"]["schemas"]["Input"]["properties"]) == ["x"]


def test_relative_imports_do_not_leave_the_project(tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("SECRET = 'from outside'\n")
    project = tmp_path / "project"
    project.mkdir()
    (project / "run.py").write_text("from ...outside import SECRET\ndef run(x: str = SECRET) -> str: ...\n")

    with pytest.raises(SchemaError, match="x: the default must be"):
        generate(project, "run.py:run", None)


def test_local_files_that_import_each_other() -> None:
    files: dict[str, bytes | str] = {
        "run.py": "from a import X, T, Base\nclass Run(Base):\n    def run(self, x: T = X) -> str: ...\n",
        "a.py": "from b import *\nfrom b import X, T, Base\n",
        "b.py": "from a import *\nfrom a import X, T, Base\n",
    }

    assert outcome(files, "run.py:Run").startswith("run.py:3: ")


def test_constants_of_two_files_that_need_each_other() -> None:
    files: dict[str, bytes | str] = {
        "run.py": "import a\ndef run(x: int = a.A) -> str: ...\n",
        "a.py": "import b\nA = b.B + 1\n",
        "b.py": "import a\nB = a.A + 1\n",
    }

    assert outcome(files).startswith("run.py:2: x: the default must be")


def test_a_file_that_is_not_needed_may_be_broken() -> None:
    source = "import broken\nfrom broken import Thing\nfrom broken import *\ndef run(x: str) -> str: ...\n"

    assert json.loads(outcome({"run.py": source.replace("from broken import *\n", ""), "broken.py": "def"}))


def test_a_needed_file_that_is_broken_is_named() -> None:
    files: dict[str, bytes | str] = {
        "run.py": "from lib.broken import Thing\ndef run() -> Thing: ...\n",
        "lib/broken.py": "x = 1\nclass Thing(:\n",
    }

    assert outcome(files).startswith("lib/broken.py:2: invalid syntax")
