"""Packages of Debian's that are here, in one of three ways, or not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from rcli.engine.runtime.system_packages import has_package


def linker_that_lists(folder: Path, *libraries: str) -> dict[str, str]:
    """PATH with nothing but an ldconfig of the test's own in front of it."""
    program = folder / "ldconfig"
    lines = "\n".join(f"\t{library} (libc6,x86-64) => /lib/{library}" for library in libraries)
    program.write_text(f"#!{shutil.which('sh')}\ncat <<'END'\n{lines}\nEND\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


@pytest.mark.parametrize("package", ["bash", "sh", "coreutils", "bash=5.1", "bash:amd64"])
def test_a_program_or_an_installed_package_is_here(package: str) -> None:
    assert has_package(package, os.environ)


@pytest.mark.parametrize("package", ["libnobodyhas1", "nosuchtool", "-y", "--", ""])
def test_others_are_not(package: str) -> None:
    assert not has_package(package, os.environ)


def test_a_library_is_here_when_the_linker_knows_it(tmp_path: Path) -> None:
    environ = linker_that_lists(tmp_path, "libNoise.so.1", "libhum-2.0.so.0")

    packages = ("libnoise1", "libnoise", "libnoise1t64", "libnoise2", "libnoise-dev", "libnois1")
    assert [has_package(package, environ) for package in packages] == [True, True, True, False, False, False]
