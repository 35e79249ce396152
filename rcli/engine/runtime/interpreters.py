"""Which Python a project runs with: the running one if it fits, else one that uv has or gets."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from pathlib import Path

from rcli.engine.runtime.installer import BuildError, run_uv

Interpreter = tuple[str, str]
"""Its path, and its version: the whole one, or as far as a project names it."""


class Interpreters:
    """``environ`` is what uv gets; uv works in ``folder``. What was found once is not looked for again."""

    def __init__(self, folder: Path, environ: Mapping[str, str], own: str) -> None:
        self._folder, self._own = folder, own
        self._environ = dict(environ) | {"PATH": _python_path(environ)}
        self._found: dict[str, Interpreter] = {}

    async def check(self, wanted: str | None) -> None:
        """Raises BuildError for a Python that is neither here nor among those that uv could get."""
        if await self.here(wanted) is None:
            try:
                listed = await self._uv("list", str(wanted))
            except BuildError as exc:
                raise _not_to_be_had(wanted, exc.message) from exc
            if not listed:
                raise _not_to_be_had(wanted, "uv knows none that it may download")

    async def here(self, wanted: str | None) -> Interpreter | None:
        """The one to use if it is on this machine, None if it would have to be downloaded."""
        own = platform.python_version()
        if wanted is None or fits(own, wanted):
            return os.path.realpath(self._own), own
        if wanted not in self._found:
            try:
                found = await self._uv("find", "--no-project", "--system", wanted)
            except BuildError:
                return None
            self._found[wanted] = found.splitlines()[-1].strip(), wanted
        return self._found[wanted]

    async def get(self, wanted: str | None, progress: Callable[[str], None]) -> Interpreter:
        """The one to use, downloaded if need be. Raises BuildError."""
        if found := await self.here(wanted):
            return found
        progress(f"getting Python {wanted}")
        try:
            await self._uv("install", str(wanted), progress=progress)
        except BuildError as exc:
            raise _not_to_be_had(wanted, exc.message) from exc
        if found := await self.here(wanted):
            return found
        raise _not_to_be_had(wanted, "uv does not find the one that it got")

    async def _uv(self, *words: str, progress: Callable[[str], None] = lambda line: None) -> str:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return await run_uv(["python", *words], self._environ, self._folder, progress)


def fits(version: str, wanted: str) -> bool:
    """Whether a whole version is the wanted one, of which the end may be open."""
    return version == wanted or version.startswith(wanted + ".")


def _not_to_be_had(wanted: str | None, why: str) -> BuildError:
    return BuildError(
        f"the model asks for Python {wanted}, which is not here and cannot be had: {why}",
        hint=f"install Python {wanted}, or try the model with --any-python",
    )


def _python_path(environ: Mapping[str, str]) -> str:
    """PATH with pyenv's interpreters in place of its shims, at which uv would stop: they may lead nowhere."""
    folders = [folder for folder in environ.get("PATH", os.defpath).split(os.pathsep) if folder]
    root = Path(environ.get("PYENV_ROOT") or Path(environ.get("HOME", "/")) / ".pyenv")
    versions = [str(folder) for folder in sorted(root.glob("versions/*/bin"))]
    return os.pathsep.join([folder for folder in folders if not folder.endswith("/shims")] + versions)
