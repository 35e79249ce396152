"""Whether this machine already has what a project would have installed with apt-get."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping

LIBRARY = re.compile(r"lib([a-z][a-z0-9+_.-]*?)-?(\d[\d.]*)?(?:t64)?")
"""A library's package by Debian's custom: ``libsndfile1``, ``libgl1``, ``libssl3t64``."""


def has_package(package: str, environ: Mapping[str, str]) -> bool:
    """Whether a package of Debian's is installed; a program or library of its name counts as well.

    ``package`` may name a version (``ffmpeg=7:5.1``), which is not compared.
    """
    name = package.partition("=")[0].partition(":")[0]
    if name.startswith("-"):
        return False
    is_program = shutil.which(name, path=environ.get("PATH")) is not None
    return is_program or _is_installed(name) or _has_library(name, environ)


def _is_installed(name: str) -> bool:
    query = shutil.which("dpkg-query")
    if query is None:
        return False
    command = [query, "--show", "--showformat=${Status}", name]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    return asked.stdout.endswith("ok installed")


def _has_library(package: str, environ: Mapping[str, str]) -> bool:
    """Whether the linker knows the library; what a ``-dev`` package has beside it, it does not know."""
    found = LIBRARY.fullmatch(package)
    linker = shutil.which("ldconfig", path=f"{environ.get('PATH', '')}:/sbin:/usr/sbin")
    if found is None or package.endswith("-dev") or linker is None:
        return False
    number = rf"\.{re.escape(found[2])}" if found[2] else ""
    wanted = re.compile(rf"^\s*lib{re.escape(found[1])}\.so{number}\b", re.I | re.M)
    listed = subprocess.run([linker, "-p"], capture_output=True, text=True, check=False)
    return wanted.search(listed.stdout) is not None
