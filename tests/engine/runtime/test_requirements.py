"""Requirements files as Cog reads them: includes, constraints, local archives, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from rcli.engine.runtime.requirements import (
    BUILD_IT,
    WHEEL,
    Requirements,
    RequirementsError,
    identity,
    read_requirements,
)


def read(folder: Path, text: str) -> Requirements:
    (folder / "requirements.txt").write_text(text)
    return read_requirements(folder, "requirements.txt")


def test_lines_lose_their_comments_and_join_where_a_backslash_says_so(tmp_path: Path) -> None:
    told = read(
        tmp_path,
        "# all\nsix==1.17.0  # small\nidna==3.10 \\\n    --hash=sha256:00\nx @ git+https://h/x#egg=x\n",
    )

    assert told.text == "\nsix==1.17.0\nidna==3.10      --hash=sha256:00\nx @ git+https://h/x#egg=x\n"


@pytest.mark.parametrize(
    "option", ["-r more.txt", "-rmore.txt", "--requirement more.txt", "--requirement=more.txt"]
)
def test_an_included_file_comes_in_place(tmp_path: Path, option: str) -> None:
    (tmp_path / "more.txt").write_text("idna\n")

    assert read(tmp_path, f"six\n{option}\nlast").text == "six\nidna\nlast\n"


def test_constraints_are_kept_apart(tmp_path: Path) -> None:
    (tmp_path / "most.txt").write_text("idna<4\n")

    told = read(tmp_path, "idna\n-c most.txt\n--constraint=most.txt")

    assert (told.text, told.constraints) == ("idna\n", "idna<4\nidna<4\n")


def test_options_for_the_index_stay(tmp_path: Path) -> None:
    text = "--extra-index-url https://host/simple\n-i https://host/simple\n--pre\nsix\n"

    assert read(tmp_path, text).text == text


def test_an_archives_path_may_have_spaces_and_is_relative_to_its_file(tmp_path: Path) -> None:
    (tmp_path / "my deps").mkdir()
    (tmp_path / "my deps" / "a b.tar.gz").touch()
    (tmp_path / "my deps" / "list.txt").write_text("a b.tar.gz  # ours")

    told = read(tmp_path, "-r my deps/list.txt")

    archive = tmp_path.resolve() / "my deps" / "a b.tar.gz"
    assert (told.text, told.archives) == (f"{archive}\n", (archive,))


def test_an_archive_counts_by_its_content_and_not_by_its_place(tmp_path: Path) -> None:
    texts = []
    for name, content in (("one", "x"), ("two", "x"), ("three", "y")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.whl").write_text(content)
        told = read(tmp_path / name, "./a.whl\nsix")
        texts.append(identity(told.text, tuple(map(str, told.archives))))

    assert texts[0] == texts[1] != texts[2]
    assert str(tmp_path) not in texts[0]


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("-e .", "line 2 of requirements.txt: '-e .': nothing is installed as editable", WHEEL),
        (
            "--editable=./pkg",
            "line 2 of requirements.txt: '--editable=./pkg': nothing is installed as editable",
            WHEEL,
        ),
        (".", "line 2 of requirements.txt: '.' is a local folder or reference", WHEEL),
        ("./pkg", "line 2 of requirements.txt: './pkg' is a local folder or reference", WHEEL),
        ("vendor/pkg", "line 2 of requirements.txt: 'vendor/pkg' is a local folder or reference", WHEEL),
        (
            "mine @ ./a.whl",
            "line 2 of requirements.txt: 'mine @ ./a.whl' is a local folder or reference",
            WHEEL,
        ),
        (
            "mine @ file:///a",
            "line 2 of requirements.txt: 'mine @ file:///a' is a local folder or reference",
            WHEEL,
        ),
        (
            "./a.whl[x]",
            "line 2 of requirements.txt: './a.whl[x]': a local archive stands alone on its line",
            None,
        ),
        (
            "./a.whl ; python_version > '3'",
            "line 2 of requirements.txt: \"./a.whl ; python_version > '3'\": "
            "a local archive stands alone on its line",
            None,
        ),
        ("dist/no.whl", "line 2 of requirements.txt: there is no dist/no.whl", BUILD_IT),
    ],
)
def test_what_cog_refuses_is_refused_with_its_line(
    tmp_path: Path, line: str, message: str, hint: str | None
) -> None:
    with pytest.raises(RequirementsError) as caught:
        read(tmp_path, f"six\n{line}\n")

    assert (caught.value.message, caught.value.hint) == (message, hint)
