"""Where rcli keeps its files, and how they stay their owner's alone: folders 0700, files 0600."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rcli.errors import RcliError

_HINT = "RCLI_HOME moves all of rcli's files"


@dataclass(frozen=True)
class Paths:
    """The folders that rcli uses; ``RCLI_HOME`` moves all of them under one."""

    config: Path
    data: Path
    cache: Path

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Paths:
        if home := environ.get("RCLI_HOME"):
            root = Path(os.path.expanduser(home)).absolute()
            return cls(root / "config", root / "data", root / "cache")
        import platformdirs  # costs 20 ms, and looks at this process's own environment

        return cls(
            platformdirs.user_config_path("rcli"),
            platformdirs.user_data_path("rcli"),
            platformdirs.user_cache_path("rcli"),
        )

    @property
    def config_file(self) -> Path:
        return self.config / "config.toml"

    @property
    def library(self) -> Path:
        return self.config / "library.db"

    @property
    def outputs(self) -> Path:
        return self.config / "outputs"

    @property
    def engine(self) -> Path:
        return self.data / "engine"

    @property
    def webhooks(self) -> Path:
        return self.data / "webhooks"

    @property
    def environments(self) -> Path:
        return self.cache / "environments"

    @property
    def snapshots(self) -> Path:
        return self.engine / "snapshots"


def make_private_folder(folder: Path) -> None:
    """Makes a folder, and those above it that are missing, for the owner alone. Raises OSError."""
    for each in (*reversed(folder.parents), folder):
        try:
            each.mkdir(mode=0o700, exist_ok=True)
        except FileExistsError as exc:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(each)) from exc


def own_private_folder(folder: Path) -> Path:
    """Makes it, or checks that the one that is there is ours, and closes it to others. Raises RcliError."""
    try:
        make_private_folder(folder)
        if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
            raise RcliError(f"{folder} belongs to another user", hint="set RCLI_HOME to a folder of yours")
        folder.chmod(0o700)
    except OSError as exc:
        raise RcliError(f"cannot use {folder}: {exc.strerror}", hint=_HINT) from exc
    return folder


def replace_private(file: Path, text: str) -> None:
    """Writes a file that only its owner can read, whole or not at all. Raises RcliError."""
    file = file.resolve()  # a link, as people have for their dotfiles, stays one
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        make_private_folder(file.parent)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
        part.replace(file)
    except OSError as exc:
        part.unlink(missing_ok=True) if part.parent.is_dir() else None
        raise unwritable(file, exc) from exc


def unwritable(file: Path, exc: OSError) -> RcliError:
    reason = f"{exc.filename} is no folder" if isinstance(exc, NotADirectoryError) else exc.strerror
    return RcliError(f"cannot write {file}: {reason}", hint=_HINT)
