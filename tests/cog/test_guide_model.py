"""The text generator that Replicate's guide publishes, in the old packages that it asks for.

PyTorch 2.1.0 has no build without CUDA at the usual index, which is a download of gigabytes: that one is only
announced here. What runs is the same project with PyTorch replaced, as its user would do it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rcli.engine.runtime.environments import has_gpu
from tests.conftest import Run, make_home, runner
from tests.engine.conftest import RunningEngine, launch, started

GUIDE = Path(__file__).parent / "guide"
TORCH = "torch==2.13.0"
"""A version of which the machines that run these tests have a build for the CPU."""

pytestmark = pytest.mark.skipif(has_gpu(), reason="these are about machines without a GPU")


@pytest.fixture(scope="module")
def guide_engine(tmp_path_factory: pytest.TempPathFactory, environments: Path) -> Iterator[RunningEngine]:
    """An engine that knows where pip finds local packages, and does not wait long for PyTorch's own index."""
    home = make_home(tmp_path_factory.mktemp("guide") / "home", environments) / "rcli"
    links = os.environ.get("UV_FIND_LINKS", os.environ.get("PIP_FIND_LINKS", ""))
    running = started(home, launch(home, "--idle", "0", UV_HTTP_RETRIES="1", UV_FIND_LINKS=links))
    yield running
    running.close()


@pytest.fixture(scope="module")
def made(guide_engine: RunningEngine) -> dict[str, Any]:
    """A tiny random model and the versions that made it, out of the environment in which it is to run."""
    registered = guide_engine.http.post(
        "/_rcli/projects", json={"path": str(GUIDE / "model_maker"), "overrides": {"with": [TORCH]}}
    ).json()
    version = f"{registered['model']}:{registered['version']['id']}"
    prediction = guide_engine.ended(guide_engine.create(version))
    assert prediction["status"] == "succeeded", prediction["error"]
    return dict(prediction["output"])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shutil.copytree(GUIDE / "text_generator", tmp_path / "generator")


@pytest.fixture
def rcli(guide_engine: RunningEngine, project: Path) -> Run:
    return runner(guide_engine.home.parent, project)


def give_model(project: Path, made: dict[str, Any], engine: RunningEngine) -> None:
    (project / "model").mkdir()
    for address in made["files"]:
        name = address.rpartition("/")[2].partition("?")[0]
        (project / "model" / name).write_bytes(engine.http.get(address).content)


def use_processor(project: Path) -> None:
    source = (project / "predict.py").read_text()
    (project / "predict.py").write_text(source.replace("device=0", "device=-1"))


def test_as_written_the_size_of_the_download_is_told_before_it_begins(rcli: Run) -> None:
    told = rcli("run", ".", "-i", "prompt=hi", "-i", "max_tokens=0")  # refused: nothing is downloaded

    warnings = [line for line in told.stderr.splitlines() if line.startswith("warning: ")]
    general, size, source = warnings
    found = re.search(r"a download of ([\d.]+) GB", size)
    assert general.endswith("this machine has none: it will run on the CPU, if it can")
    assert found is not None
    assert 2 < float(found[1]) < 8
    assert source == (
        "warning: predict.py:8 (device=0) asks for the GPU itself: write device=-1 to run it here"
    )
    assert "max_tokens" in told.stderr
    assert (told, told.exit_code) == ("", 2)


def test_on_the_gpu_that_is_not_there_it_fails_with_a_hint(
    rcli: Run, project: Path, made: dict[str, Any], guide_engine: RunningEngine
) -> None:
    give_model(project, made, guide_engine)

    told = rcli("run", ".", "--with", TORCH, "-i", "prompt=hi")

    assert "the model's setup failed: Cannot access accelerator device when none is available." in told.stderr
    assert told.stderr.splitlines()[-1] == (
        'hint: PyTorch finds no GPU on this machine: write device=-1 (or "cpu") where the model is loaded'
    )
    assert (told, told.exit_code) == ("", 3)


def test_without_the_models_folder_it_fails_with_a_hint(rcli: Run, project: Path) -> None:
    use_processor(project)

    told = rcli("run", ".", "--with", TORCH, "-i", "prompt=hi")

    assert "the model's setup failed: Incorrect path_or_model_id: './model'" in told.stderr
    assert told.stderr.splitlines()[-1] == (
        "hint: there is no folder ./model: put the model's files there (a .dockerignore may leave them out)"
    )
    assert (told, told.exit_code) == ("", 3)


def test_on_the_processor_with_a_model_it_answers(
    rcli: Run, project: Path, made: dict[str, Any], guide_engine: RunningEngine
) -> None:
    give_model(project, made, guide_engine)
    use_processor(project)

    told = rcli("run", ".", "--with", TORCH, "-i", "prompt=Once upon a time", "-i", "max_tokens=40")

    assert made["versions"]["torch"].partition("+")[0] == "2.13.0"
    assert made["versions"]["transformers"] == "4.36.0"
    assert told.startswith("Once upon a time")
    assert len(told) > len("Once upon a time")
    assert told.exit_code == 0


def test_what_the_guide_allows_is_the_schema(rcli: Run) -> None:
    told = rcli("models", "schema", ".", "--json", "--jq", ".components.schemas.Input.properties.max_tokens")

    assert '"default":100' in told.replace(" ", "")
    assert ('"minimum":1,' in told.replace(" ", ""), '"maximum":1000' in told.replace(" ", "")) == (
        True,
        True,
    )
