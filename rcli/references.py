"""What a user may write where a command takes a MODEL.

``owner/name``, ``owner/name:version``, a bare 64-digit version id, ``deployments/owner/name``,
``r8.im/owner/name`` or a folder; each but the folder may have a host before it: ``local:me/dinos``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from rcli.errors import UsageError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VERSION = re.compile(r"[0-9a-f]{64}")
_WEB = re.compile(r"^(https://(replicate\.com|r8\.im)/|r8\.im/)")
_HINT = "write owner/name, owner/name:version, a version's 64 digits, or a folder such as ./model"


@dataclass(frozen=True)
class ModelReference:
    """A model, at one version or at its latest."""

    owner: str
    name: str
    version: str | None = None

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    def __str__(self) -> str:
        return f"{self.full_name}:{self.version}" if self.version else self.full_name


@dataclass(frozen=True)
class VersionReference:
    """A version by its id alone: 64 hexadecimal digits."""

    id: str

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True)
class DeploymentReference:
    """A deployment."""

    owner: str
    name: str

    def __str__(self) -> str:
        return f"deployments/{self.owner}/{self.name}"


@dataclass(frozen=True)
class FolderReference:
    """A Cog project on this machine."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


Reference = ModelReference | VersionReference | DeploymentReference | FolderReference


def is_folder(text: str) -> bool:
    """Whether the text names a folder by its form alone; ``owner/name`` is never a path."""
    return text in (".", "..") or text.startswith(("./", "../", "/", "~"))


def is_of_replicate(text: str) -> bool:
    """Whether the text names Replicate's registry or site itself, as ``cog push`` wants it."""
    return _WEB.match(text) is not None


def parse(text: str, *, cwd: Path, home: Path) -> tuple[str | None, Reference]:
    """The host named before the colon, if any, and what it is to run. Raises UsageError for anything else."""
    if is_folder(text):
        return None, FolderReference(_folder(text, cwd, home))
    host, text = _host(_WEB.sub("", text))
    if host and is_folder(text):
        raise UsageError(f"a folder runs on this machine, not on {host!r}", hint="rcli run ./folder")
    return host, _remote(text)


def _folder(text: str, cwd: Path, home: Path) -> Path:
    if text == "~" or text.startswith("~/"):
        return home / text[2:]
    return (cwd / text).resolve()


def _host(text: str) -> tuple[str | None, str]:
    host, colon, rest = text.partition(":")
    return (host, rest) if colon and "/" not in host and not _VERSION.fullmatch(host) else (None, text)


def _remote(text: str) -> Reference:
    if _VERSION.fullmatch(text):
        return VersionReference(text)
    path, _, version = text.removeprefix("r8.im/").partition(":")
    match path.split("/"):
        case ["deployments", owner, name] if not version and _names(owner, name):
            return DeploymentReference(owner, name)
        case ["deployments", _]:
            pass
        case [owner, name] if _names(owner, name) and (not version or _VERSION.fullmatch(version)):
            return ModelReference(owner, name, version or None)
        case [owner, name] if _names(owner, name):
            raise UsageError(f"{version!r} is not a version: ids have 64 hexadecimal digits", hint=_HINT)
    raise UsageError(f"{text!r} is not a model", hint=_HINT)


def _names(*names: str) -> bool:
    return all(_NAME.fullmatch(name) for name in names)
