"""Python environments for models, made by uv and kept by what they were made of.

One environment serves every version with the same ``build`` section, so editing ``run.py`` rebuilds nothing.
A venv cannot be moved, so each is built in place, under a name of its own, and counts from the moment its
marker is there.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import platform
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rcli.engine.runtime.downloads import Download, measure
from rcli.engine.runtime.installer import BuildError, run_uv
from rcli.engine.runtime.interpreters import Interpreters, fits
from rcli.engine.runtime.project import Build

__all__ = ["BuildError", "Description", "Environment", "Environments"]

COG = "0.23.1"
OLDEST_SDK = (0, 17)  # older ones lack what coglet imports
MARKER = "ready.json"
TORCH = re.compile(r"^\s*(?:torch|torchvision|torchaudio)\b(?!.*\+cu)", re.M)
OPERATORS = frozenset("();<>|&")
PIP = (("pip",), ("pip3",), ("python", "-m", "pip"), ("python3", "-m", "pip"), ("uv", "pip"))
TORCH_INDEX = "download.pytorch.org"
NO_CPU_BUILD = "PyTorch's build for the CPU cannot be had: taking the usual one, which is large"
NO_WHEELS = "run it on a host: rcli run --host replicate"


@dataclass(frozen=True)
class Environment:
    """Where a model runs. ``path`` is None for rcli's own interpreter, which is nothing to remove."""

    key: str
    python: Path
    path: Path | None


@dataclass(frozen=True)
class Description:
    """One environment for ``cache list``: ``size`` in bytes, ``used`` in seconds since 1970."""

    key: str
    path: Path
    packages: tuple[str, ...]
    size: int
    used: float


@dataclass(frozen=True)
class _Recipe:
    """A resolved build section: all that decides what is in the environment."""

    python: str
    version: str
    packages: tuple[str, ...]
    requirements: str | None
    commands: tuple[tuple[str, ...], ...]
    overrides: tuple[str, ...]
    backend: str | None
    backend_is_asked: bool

    @property
    def key(self) -> str:
        return hashlib.sha256(json.dumps(vars(self), sort_keys=True).encode()).hexdigest()


class Environments:
    """All environments, below one folder.

    ``environ`` is what uv gets: UV_*, proxies and SSL_* matter to it. ``own_python`` is the running Python.
    """

    def __init__(self, root: Path, environ: Mapping[str, str], own_python: str = sys.executable) -> None:
        self._root, self._environ = root, dict(environ)
        self._own_python = own_python
        self._locks: dict[str, asyncio.Lock] = {}
        self._interpreters = Interpreters(root, environ, own_python)

    async def check(self, build: Build) -> None:
        """What can be known without a download. Raises BuildError, like ``ensure``, and soon."""
        await asyncio.to_thread(_check, build, self._environ)
        await self._interpreters.check(build.python_version)

    async def download(self, build: Build) -> Download | None:
        """How much ``ensure`` would download, at most; None when that cannot be known. Raises BuildError."""
        if not _needs_environment(build):
            return Download(0)
        here = await self._interpreters.here(build.python_version)
        python, version = here or ("", str(build.python_version))
        recipe = _recipe(build, python, version, lambda line: None)
        if self._ready(recipe.key):
            return Download(0)
        measured = await self._measure(recipe)
        unknown = [f"Python {version}"] * (here is None) + ["what build.run installs"] * bool(build.run)
        return measured and Download(measured.size, (*measured.unknown, *unknown))

    async def ensure(self, build: Build, progress: Callable[[str], None]) -> Environment:
        """Find or make the environment of a build section; ``progress`` gets one line after another.

        Raises BuildError: packages that cannot be had, commands or system packages that need a container.
        """
        await asyncio.to_thread(_check, build, self._environ)
        if not _needs_environment(build):
            return Environment("own", Path(self._own_python), None)
        python, version = await self._interpreters.get(build.python_version, progress)
        recipe = _recipe(build, python, version, progress)
        async with self._locks.setdefault(recipe.key, asyncio.Lock()):
            return self._ready(recipe.key) or await self._build(recipe, progress)

    def list(self) -> list[Description]:
        """Every finished environment, the one used last at the end."""
        found = [described for key in _names(self._root) if (described := self._describe(key))]
        return sorted(found, key=lambda described: described.used)

    def remove(self, key: str) -> None:
        """Delete an environment; its marker goes first, so that a half deleted one is built anew."""
        if re.fullmatch(r"[0-9a-f]{64}", key):
            (self._root / key / MARKER).unlink(missing_ok=True)
            shutil.rmtree(self._root / key, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what an engine that was killed left unfinished. Call it before the first ``ensure``."""
        for key in _names(self._root):
            if not (self._root / key / MARKER).exists():
                self.remove(key)

    def _ready(self, key: str) -> Environment | None:
        """The finished environment, its marker's time set to now."""
        marker = self._root / key / MARKER
        try:
            path = self._root / key / json.loads(marker.read_text())["venv"]
            python = path / "bin" / "python"
            if not python.exists():  # its interpreter was removed from the machine
                return None
            os.utime(marker)
        except (OSError, ValueError, KeyError):
            return None
        return Environment(key, python, path)

    def _describe(self, key: str) -> Description | None:
        marker = self._root / key / MARKER
        try:
            packages, used = json.loads(marker.read_text())["packages"], marker.stat().st_mtime
        except (OSError, ValueError, KeyError):
            return None
        return Description(key, self._root / key, tuple(packages), _size(self._root / key), used)

    async def _build(self, recipe: _Recipe, progress: Callable[[str], None]) -> Environment:
        """Make it anew; whatever goes wrong, nothing is left behind."""
        home = self._root / recipe.key
        venv = f"venv-{secrets.token_hex(4)}"
        await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)
        try:
            home.mkdir(mode=0o700, parents=True)
            await self._install(recipe, home, venv, progress)
            marker = {"venv": venv, "packages": _described(recipe), "made": time.time()}
            fresh = home / f"{MARKER}.new"
            fresh.write_text(json.dumps(marker))
            fresh.rename(home / MARKER)
        except OSError as exc:
            await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)
            raise BuildError(f"the model's environment cannot be written: {exc}") from exc
        except BaseException:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, home, ignore_errors=True))
            raise
        return Environment(recipe.key, home / venv / "bin" / "python", home / venv)

    async def _install(self, recipe: _Recipe, home: Path, venv: str, progress: Callable[[str], None]) -> None:
        """The packages in one go, so that uv sees all their demands together; then the commands in order."""
        progress(f"making an environment with Python {recipe.version}")
        await run_uv(["venv", "--python", recipe.python, venv], self._environ, home, progress)
        target = ["--python", str(home / venv / "bin" / "python"), *_overriding(recipe, home)]
        wanted = list(recipe.packages)
        if recipe.requirements is not None:
            (home / "requirements.txt").write_text(recipe.requirements)
            wanted += ["--requirement", "requirements.txt"]
        for arguments in (wanted, *recipe.commands):
            await self._pip(recipe, [*target, *arguments], home, progress)

    async def _pip(
        self, recipe: _Recipe, arguments: Sequence[str], home: Path, progress: Callable[[str], None]
    ) -> None:
        """One ``uv pip install``; without PyTorch's own index where that fails and nobody insists on it."""
        install = ["pip", "install"]
        if recipe.backend is not None:
            try:
                backend = ["--torch-backend", recipe.backend]
                await run_uv([*install, *backend, *arguments], self._environ, home, progress)
                return
            except BuildError as exc:
                if recipe.backend_is_asked or TORCH_INDEX not in exc.message:
                    raise
            progress(NO_CPU_BUILD)
        await run_uv([*install, *arguments], self._environ, home, progress)

    async def _measure(self, recipe: _Recipe) -> Download | None:
        requirements = "\n".join([*recipe.packages, recipe.requirements or ""])
        python = ["--python", recipe.python or self._own_python]
        if not recipe.python:
            python += ["--python-version", recipe.version]
        with tempfile.TemporaryDirectory(prefix="rcli-") as folder:
            arguments = [*python, *_overriding(recipe, Path(folder))]
            backend = ["--torch-backend", recipe.backend] if recipe.backend else []
            measured = await measure([*arguments, *backend], requirements, self._environ)
            if measured is None and backend and not recipe.backend_is_asked:
                measured = await measure(arguments, requirements, self._environ)
            return measured


def _needs_environment(build: Build) -> bool:
    own_fits = build.python_version is None or fits(platform.python_version(), build.python_version)
    sdk_fits = build.sdk_version in (None, COG)
    listed = build.python_packages or build.overrides or build.run
    empty = not (listed or (build.python_requirements or "").strip())
    return not (own_fits and sdk_fits and empty)


def _check(build: Build, environ: Mapping[str, str]) -> None:
    """Raises BuildError for what an environment cannot give."""
    _check_system_packages(build, environ)
    for line in build.run:
        tuple(_commands(line))
    for package in build.python_packages:
        if package.startswith("-"):
            raise BuildError(
                f"build.python_packages: {package!r} is no package", hint="use python_requirements"
            )


def _recipe(build: Build, python: str, version: str, progress: Callable[[str], None]) -> _Recipe:
    commands = tuple(command for line in build.run for command in _commands(line))
    words = [*build.python_packages, build.python_requirements or "", *(" ".join(line) for line in commands)]
    return _Recipe(
        python=python,
        version=version,
        packages=(
            f"cog=={_sdk(build, progress)}",
            f"coglet=={COG}",
            *build.python_packages,
            *build.overrides,
        ),
        requirements=build.python_requirements,
        commands=commands,
        overrides=build.overrides,
        backend=build.torch_backend or _torch_backend([*words, *build.overrides], gpu=build.gpu),
        backend_is_asked=build.torch_backend is not None,
    )


def _sdk(build: Build, progress: Callable[[str], None]) -> str:
    """The Cog SDK's version: the one asked for, if it can work with our coglet."""
    found = re.match(r"(\d+)\.(\d+)", build.sdk_version or COG)
    if found and (int(found[1]), int(found[2])) >= OLDEST_SDK:
        return build.sdk_version or COG
    progress(f"this project asks for Cog {build.sdk_version}, which is too old: it runs with {COG}")
    return COG


def _overriding(recipe: _Recipe, folder: Path) -> list[str]:
    """uv's option for packages that replace others of their name, and its file in ``folder``."""
    if not recipe.overrides:
        return []
    file = folder / "overrides.txt"
    file.write_text("\n".join(recipe.overrides) + "\n")
    return ["--overrides", str(file)]


def _torch_backend(words: list[str], *, gpu: bool) -> str | None:
    """PyTorch's CPU build saves gigabytes where there is no GPU; pinned CUDA builds are left alone.

    A project that wants a GPU may get PyTorch through another package.
    """
    if not any(TORCH.search(text) for text in words) and (not gpu or any("+cu" in text for text in words)):
        return None
    return "auto" if has_gpu() else "cpu"


def has_gpu() -> bool:
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def _described(recipe: _Recipe) -> list[str]:
    lines = (recipe.requirements or "").splitlines()
    asked = [line.strip() for line in lines if line.strip() and not line.strip().startswith(("#", "-"))]
    added = [word for command in recipe.commands for word in command if not word.startswith("-")]
    return [*recipe.packages[2:], *asked, *added]


def _commands(line: str) -> Iterator[tuple[str, ...]]:
    """The arguments of each ``pip install`` in one line of build.run. Raises BuildError for anything else."""
    for words in _split(line):
        installer = next((prefix for prefix in PIP if tuple(words[: len(prefix)]) == prefix), None)
        if installer is None or words[len(installer) : len(installer) + 1] != ["install"]:
            raise _needs_container(line, "only pip install works without one")
        arguments = words[len(installer) + 1 :]
        if any(word and set(word) <= OPERATORS for word in arguments) or "`" in line or "$(" in line:
            raise _needs_container(line, "a shell's operators do; quote versions: 'numpy<2'")
        yield tuple(arguments)


def _split(line: str) -> Iterator[list[str]]:
    """The words of a shell line, divided at ``&&`` and line ends."""
    lexer = shlex.shlex(line.replace("\\\n", " "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    try:
        tokens = list(lexer)
    except ValueError as exc:
        raise BuildError(f"build.run: {line!r} is no shell command: {exc}") from exc
    for word in tokens:
        if word == "&&":
            yield words
            words = []
        else:
            words.append(word)
    yield words


def _needs_container(line: str, why: str) -> BuildError:
    return BuildError(f"build.run: {line!r} needs a container: {why}", hint=NO_WHEELS)


def _check_system_packages(build: Build, environ: Mapping[str, str]) -> None:
    """Raises BuildError with those that are not installed. A program of that name counts as its package."""
    missing = [name for name in build.system_packages if not _is_installed(name, environ)]
    if missing:
        names = " ".join(missing)
        raise BuildError(
            f"this model needs system packages that are not installed: {names}",
            hint=f"sudo apt-get install {names}",
        )


def _is_installed(package: str, environ: Mapping[str, str]) -> bool:
    name = package.partition("=")[0]
    if shutil.which(name, path=environ.get("PATH")):
        return True
    query = shutil.which("dpkg-query")
    if query is None or name.startswith("-"):
        return False
    command = [query, "--show", "--showformat=${Status}", name]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    return asked.stdout.endswith("ok installed")


def _size(folder: Path) -> int:
    files = (os.path.join(base, name) for base, _, names in os.walk(folder) for name in names)
    return sum(os.lstat(file).st_size for file in files)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
