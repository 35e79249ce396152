"""All that is set, by strength: every value knows where it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rcli.errors import UsageError
from rcli.paths import Paths
from rcli.settings.files import nearest, read_toml
from rcli.settings.hosts import REPLICATE, REPLICATE_URL, Host, base_url
from rcli.settings.keys import KEYS, LIST_PRICES_FROM, PRICED, find_key, path_of
from rcli.settings.rules import check_project, check_user
from rcli.settings.values import resolved


@dataclass(frozen=True)
class Setting:
    """A value and its origin: ``default``, the name of a variable or an option, or a file."""

    key: str
    value: Any
    origin: str


@dataclass(frozen=True)
class Settings:
    """All that is set, read once. ``project`` is the folder of rcli.toml, None without one."""

    paths: Paths
    environ: Mapping[str, str] = field(repr=False)
    user: Mapping[str, Any] = field(repr=False)
    project: Path | None = None
    shared: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, environ: Mapping[str, str], cwd: Path, paths: Paths | None = None) -> Settings:
        """Raises UsageError, naming file and line, for a file that cannot be used."""
        paths = paths or Paths.from_environ(environ)
        user = _user(paths.config_file)
        file = nearest(cwd, "rcli.toml")
        shared = read_toml(file) if file else {}
        if file:
            check_project(shared, file)
        return cls(paths, environ, user, file.parent if file else None, shared)

    def get(self, name: str) -> Setting:
        """The value that holds for a key. Raises UsageError for a key that does not exist."""
        key = find_key(name)
        if key.variable and (value := self.environ.get(key.variable)):
            return Setting(name, value, key.variable)
        if self.project and name in self.shared:
            return Setting(
                name, resolved(key, self.shared[name], self.project), str(self.project / "rcli.toml")
            )
        value = _lookup(self.user, path_of(name))
        if value is not None:
            return Setting(name, resolved(key, value, self.paths.config), str(self.paths.config_file))
        is_price = key.kind == "dollars" and key.default is not None
        return Setting(name, key.default, f"list price, {LIST_PRICES_FROM}" if is_price else "default")

    def all(self) -> Iterator[Setting]:
        priced = [f"{table}.{name}" for table in PRICED for name in self.user.get(table, {})]
        return (self.get(name) for name in dict.fromkeys([*(key.name for key in KEYS), *priced]))

    def hosts(self) -> dict[str, Host]:
        """Every named host but ``local``, whose address the engine alone knows."""
        named = {
            name: Host(name, base_url(table["url"]), str(self.paths.config_file))
            for name, table in self.user.get("hosts", {}).items()
            if "url" in table
        }
        if url := self.environ.get("REPLICATE_BASE_URL"):
            replicate = Host(REPLICATE, base_url(url), "REPLICATE_BASE_URL")
        else:
            replicate = named.pop(REPLICATE, Host(REPLICATE, REPLICATE_URL, "default"))
        return {REPLICATE: replicate} | {name: host for name, host in named.items() if name != REPLICATE}

    def inputs(self, model: str) -> dict[str, Any]:
        """The project's default inputs of one model."""
        return dict(self.shared.get("inputs", {}).get(model, {}))

    def locked_version(self, model: str) -> str | None:
        """The version id that the project pins a model to."""
        version = self.shared.get("versions", {}).get(model)
        return str(version) if version else None

    @property
    def outputs(self) -> Path:
        chosen = self.get("output_dir").value
        return Path(chosen) if chosen else self.paths.outputs


def _user(file: Path) -> dict[str, Any]:
    found = read_toml(file)
    try:
        check_user(found, file)
    except UsageError as exc:
        exc.hint = exc.hint or "rcli config edit"
        raise
    return found


def _lookup(table: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = table
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
