"""Which changes below a folder make another version of it."""

from __future__ import annotations

import pytest

from rcli.services.projects.push import relevant


@pytest.mark.parametrize(
    ("rules", "names", "expected"),
    [
        ("", ["run.py", "data/a.bin"], ["data/a.bin", "run.py"]),
        ("", [".git/index", ".venv/lib/x.py", "__pycache__/x.pyc", "a/.cog/x"], []),
        ("*.log\n", ["run.log", "data/run.log"], ["data/run.log"]),
        ("data\n", ["data/a", "data/b/c", "data/"], []),
        ("data\n!data/kept\n", ["data/a", "data/kept"], ["data/kept"]),
        ("data\n!data/kept\n", ["data/", ".git/"], ["data/"]),
        (
            "*\n!run.py\n",
            ["cog.yaml", ".dockerignore", "run.py", "x"],
            [".dockerignore", "cog.yaml", "run.py"],
        ),
    ],
)
def test_what_a_dockerignore_leaves_out_does_not_count(
    rules: str, names: list[str], expected: list[str]
) -> None:
    found = relevant(names, rules, "cog.yaml")

    assert found == expected


@pytest.mark.parametrize(
    "name",
    ["run.py~", ".#run.py", "#run.py#", ".run.py.swp", "4913", ".DS_Store", "run.py___jb_tmp___", "a/.x.swx"],
)
def test_what_editors_write_for_themselves_does_not_count(name: str) -> None:
    found = relevant([name, "run.py"], "", "cog.yaml")

    assert found == ["run.py"]
