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
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rcli.engine.runtime import holds
from rcli.engine.runtime.commands import pip_installs
from rcli.engine.runtime.downloads import Download, measure
from rcli.engine.runtime.installer import BuildError, run_uv
from rcli.engine.runtime.interpreters import Interpreters, fits
from rcli.engine.runtime.project import Build
from rcli.engine.runtime.requirements import identity
from rcli.engine.runtime.system_packages import has_package

__all__ = ["BuildError", "Description", "Environment", "Environments"]

COG = "0.23.1"
OLDEST_SDK = (0, 20)  # older ones lack what coglet imports
MARKER = "ready.json"
TORCH = re.compile(r"^\s*(?:torch|torchvision|torchaudio)\b(?!.*\+cu)", re.M)
TORCH_INDEX = "download.pytorch.org"
NO_CPU_BUILD = "PyTorch's build for the CPU cannot be had: taking the usual one, which is large"
OLDEST_PYTHON = (3, 10)
RAISED = re.compile(r"^\s*(--pre|--trusted-host[ =]\s*\S+)\s*$", re.M)
"""Lines of a requirements file that uv takes on its command line only."""


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
    """A resolved build section: all that decides what is in the environment.

    ``requirements`` has the paths of local archives, which differ from copy to copy of a project;
    ``identity`` has their digests in place, and it is the one that counts for the key.
    """

    python: str
    version: str
    packages: tuple[str, ...]
    requirements: str | None
    identity: str | None
    constraints: str
    commands: tuple[tuple[str, ...], ...]
    overrides: tuple[str, ...]
    backend: str | None
    backend_is_asked: bool

    @property
    def key(self) -> str:
        decisive = vars(self) | {"requirements": None}
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


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
        recipe = await asyncio.to_thread(self._recipe, build, python, version)
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
        recipe = await asyncio.to_thread(self._recipe, build, python, version)
        async with self._locks.setdefault(recipe.key, asyncio.Lock()):
            return self._ready(recipe.key) or await self._build(recipe, progress)

    async def key(self, build: Build) -> str | None:
        """The key of what ``ensure`` would find; None for rcli's own Python, or one that is not here.

        Raises BuildError.
        """
        here = await self._interpreters.here(build.python_version) if _needs_environment(build) else None
        return here and (await asyncio.to_thread(self._recipe, build, *here)).key

    def list(self) -> list[Description]:
        """Every finished environment, the one used last at the end."""
        found = [described for key in _names(self._root) if (described := self._describe(key))]
        return sorted(found, key=lambda described: described.used)

    def remove(self, key: str) -> None:
        """Delete an environment; its marker goes first, so that a half deleted one is built anew."""
        if re.fullmatch(r"[0-9a-f]{64}", key):
            (self._root / key / MARKER).unlink(missing_ok=True)
            shutil.rmtree(self._root / key, ignore_errors=True)

    async def discard(self, key: str, in_use: Callable[[], bool]) -> bool:
        """Remove one that is finished, unless it is in use, or about to be: false then."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        if lock.locked():  # who makes it now, or makes it anew, will use it
            return False
        async with lock:
            if in_use():
                return False
            with holds.unheld(self._root / key) as is_free:
                if is_free:
                    await asyncio.to_thread(self.remove, key)
                return is_free

    def held(self) -> set[str]:
        """The keys of those that commands outside the engine use just now."""
        return {key for key in _names(self._root) if holds.is_held(self._root / key)}

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
            (home / "requirements.txt").write_text(RAISED.sub("", recipe.requirements))
            wanted += ["--requirement", "requirements.txt", *_raised(recipe.requirements)]
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

    def _recipe(self, build: Build, python: str, version: str) -> _Recipe:
        """Reads the local archives. Raises BuildError when they are gone."""
        commands = tuple(found for line in build.run for found in pip_installs(line, self._environ))
        asked = [*build.python_packages, build.python_requirements or "", *build.overrides]
        words = [*asked, *(" ".join(line) for line in commands)]
        try:
            text = build.python_requirements
            identified = None if text is None else identity(text, build.archives)
        except OSError as exc:
            raise BuildError(f"a local package cannot be read: {exc}") from exc
        managed = (f"cog=={sdk(build)}", f"coglet=={COG}")
        return _Recipe(
            python=python,
            version=version,
            packages=(*managed, *build.python_packages, *build.overrides),
            requirements=text,
            identity=identified,
            constraints=build.constraints,
            commands=commands,
            overrides=(*managed, *build.overrides),
            backend=build.torch_backend or _torch_backend(words, gpu=build.gpu),
            backend_is_asked=build.torch_backend is not None,
        )

    async def _measure(self, recipe: _Recipe) -> Download | None:
        requirements = "\n".join([*recipe.packages, RAISED.sub("", recipe.requirements or "")])
        python = ["--python", recipe.python or self._own_python]
        if not recipe.python:
            python += ["--python-version", recipe.version]
        with tempfile.TemporaryDirectory(prefix="rcli-") as folder:
            arguments = [*python, *_overriding(recipe, Path(folder)), *_raised(recipe.requirements or "")]
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
    _check_python(build.python_version)
    for line in build.run:
        tuple(pip_installs(line, environ))
    for package in build.python_packages:
        if package.startswith("-"):
            raise BuildError(
                f"build.python_packages: {package!r} is no package", hint="use python_requirements"
            )


def _check_python(version: str | None) -> None:
    numbers = tuple(map(int, version.split(".")[:2])) if version else OLDEST_PYTHON
    if numbers < OLDEST_PYTHON:
        raise BuildError(
            f"build.python_version: {version} is too old, Cog's runtime needs Python 3.10 or newer",
            hint="try the model with --any-python",
        )


def _check_system_packages(build: Build, environ: Mapping[str, str]) -> None:
    """Raises BuildError with those that are not installed."""
    missing = [package for package in build.system_packages if not has_package(package, environ)]
    if missing:
        names = " ".join(missing)
        by_hand = f"install what Debian has in {names}, or leave it out of build.system_packages"
        raise BuildError(
            f"this model needs system packages that are not installed: {names}",
            hint=f"sudo apt-get install {names}" if shutil.which("apt-get") else by_hand,
        )


def sdk(build: Build) -> str:
    """The Cog SDK's version: the one asked for, if it can work with our coglet."""
    found = re.match(r"(\d+)\.(\d+)", build.sdk_version or COG)
    asked = (int(found[1]), int(found[2])) if found else (0, 0)
    return (build.sdk_version or COG) if asked >= OLDEST_SDK else COG


def _raised(requirements: str) -> list[str]:
    """Options that stand in a requirements file, for the command line."""
    return [word for found in RAISED.findall(requirements) for word in re.split(r"[ =]\s*", found)]


def _overriding(recipe: _Recipe, folder: Path) -> list[str]:
    """uv's options for replaced packages and for constraints, with their files in ``folder``.

    Cog and its runtime replace whatever a project or its packages pin, as in a container.
    """
    (folder / "overrides.txt").write_text("\n".join(recipe.overrides) + "\n")
    options = ["--overrides", str(folder / "overrides.txt")]
    if recipe.constraints:
        (folder / "constraints.txt").write_text(recipe.constraints)
        options += ["--constraints", str(folder / "constraints.txt")]
    return options


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
    asked = [os.path.basename(line) for line in lines if line and not line.startswith("-")]
    added = [word for command in recipe.commands for word in command if not word.startswith("-")]
    return [*recipe.packages[2:], *asked, *added]


def _size(folder: Path) -> int:
    files = (os.path.join(base, name) for base, _, names in os.walk(folder) for name in names)
    return sum(os.lstat(file).st_size for file in files)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
