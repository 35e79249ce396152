"""Overrides: what is accepted, what they make of a build section, and the environments that come of it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rcli.engine.data import overriding
from rcli.engine.runtime.environments import Environment, Environments
from rcli.engine.runtime.installer import BuildError
from rcli.engine.runtime.project import Build
from rcli.errors import UsageError
from rcli.records import Overrides

NO_PYTORCH = {
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "pypi.org,files.pythonhosted.org",
    "UV_HTTP_RETRIES": "0",
}
"""Every address but the usual index is out of reach."""


def ensure(environments: Environments, build: Build, told: list[str]) -> Environment:
    return asyncio.run(environments.ensure(build, told.append))


def imports(environment: Environment, statement: str) -> str:
    command = [str(environment.python), "-c", statement]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def torch_wheels(tmp_path: Path) -> Path:
    """A folder with a wheel that calls itself PyTorch 99."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    with zipfile.ZipFile(folder / "torch-99.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("torch.py", "")
        about = "torch-99.0.dist-info"
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: torch\nVersion: 99.0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "".join(f"{name},,\n" for name in wheel.namelist()))
    return folder


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"with": ["numpy<2"]},
        {"with": ["a-b.c[x,y]>=1,<2; python_version > '3'", "six @ https://host/six.whl"]},
        {"any_python": True, "torch_backend": "auto"},
    ],
)
def test_overrides_survive_the_database(raw: Mapping[str, Any]) -> None:
    overrides = overriding.read(raw)

    assert overriding.load(overriding.dump(overrides)) == overrides
    assert overrides.to_json() == raw


def test_order_and_repetition_make_no_difference() -> None:
    one = overriding.read({"with": ["six", "idna<4", "six "]})
    other = overriding.read({"with": ["idna<4", "six"]})

    assert one == other == Overrides(("idna<4", "six"))


@pytest.mark.parametrize(
    "raw",
    [
        {"with": ["--index-url=http://host"]},
        {"with": ["six\n-r secrets"]},
        {"with": ["../wheel"]},
        {"with": [1]},
        {"with": "six"},
        {"torch_backend": "cu118"},
        {"python": "3.12"},
    ],
)
def test_what_is_no_override_is_refused(raw: Mapping[str, Any]) -> None:
    with pytest.raises(UsageError):
        overriding.read(raw)


def test_they_change_the_build_section_and_no_other_part_of_it() -> None:
    build = Build(python_version="3.8", python_packages=("six",), gpu=True)

    applied = build.changed(Overrides(("numpy<2",), True, "cpu"))

    assert applied == Build(python_packages=("six",), gpu=True, overrides=("numpy<2",), torch_backend="cpu")
    assert build.changed(Overrides()) == build


def test_a_package_that_another_one_needs_is_replaced_too(tmp_path: Path) -> None:
    environments = Environments(tmp_path / "environments", os.environ)
    build = Build(python_requirements="idna==3.10\n", overrides=("idna==3.9",))

    made = ensure(environments, build, [])

    assert imports(made, "import idna; print(idna.__version__)") == "3.9"
    assert environments.list()[0].packages == ("idna==3.9", "idna==3.10")


def test_without_pytorchs_index_the_usual_build_is_taken_and_that_is_said(
    tmp_path: Path, torch_wheels: Path
) -> None:
    environ = os.environ | NO_PYTORCH | {"UV_FIND_LINKS": str(torch_wheels)}
    environments = Environments(tmp_path / "environments", environ)
    told: list[str] = []

    made = ensure(environments, Build(python_packages=("torch==99.0",)), told)

    assert imports(made, "import torch; print(torch.__name__)") == "torch"
    assert "PyTorch's build for the CPU cannot be had: taking the usual one, which is large" in told


def test_a_build_of_pytorch_that_was_asked_for_is_had_or_the_error_says_why(
    tmp_path: Path, torch_wheels: Path
) -> None:
    environ = os.environ | NO_PYTORCH | {"UV_FIND_LINKS": str(torch_wheels)}
    environments = Environments(tmp_path / "environments", environ)

    with pytest.raises(BuildError, match=r"download\.pytorch\.org"):
        ensure(environments, Build(python_packages=("torch==99.0",), torch_backend="cpu"), [])
