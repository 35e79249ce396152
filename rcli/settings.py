"""Where rcli keeps things, and what the user has set: every value knows where it came from.

The order, strongest first: the command line, the environment, the project's ``rcli.toml``, the user's
``config.toml``, the default. Nothing here touches the network, and only ``write`` touches the disk.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal

from rcli.errors import RcliError, UsageError
from rcli.paths import Paths, make_private_folder, replace_private, unwritable

REPLICATE = "replicate"
LOCAL = "local"
REPLICATE_URL = "https://api.replicate.com/v1"


@dataclass(frozen=True)
class Key:
    """One setting: its type, its default, and what it is for."""

    name: str
    kind: Literal["text", "seconds", "number", "path", "choice"]
    default: str | float | int | None
    about: str
    choices: tuple[str, ...] = ()
    variable: str | None = None


KEYS = (
    Key("host", "text", None, "the host that commands talk to when nothing else says", variable="RCLI_HOST"),
    Key("output_dir", "path", None, "where downloaded outputs go, instead of beside the config file"),
    Key("token_store", "choice", "file", "where sign-ins keep tokens", ("file", "keyring")),
    Key("engine.port", "number", 7878, "the port of rcli serve"),
    Key("engine.idle", "seconds", 900, "the engine stops after this long without work"),
    Key("engine.replica_idle", "seconds", 300, "a loaded model sleeps after this long without work"),
    Key("engine.setup_timeout", "seconds", 600, "how long a model's setup may take"),
    Key("engine.max_replicas", "number", 0, "how many models are loaded at once; 0: as this machine can bear"),
    Key("engine.max_queue", "number", 1000, "how many predictions of one version may wait"),
    Key("engine.memory_reserve", "number", 512, "MiB of memory that stay free: models sleep for it, or wait"),
)

_KEYS = {key.name: key for key in KEYS}


@dataclass(frozen=True)
class Setting:
    """A value and its origin: ``default``, the name of a variable or an option, or a file."""

    key: str
    value: Any
    origin: str


@dataclass(frozen=True)
class Host:
    """A named base URL, ending in ``/v1``, and where the URL came from."""

    name: str
    url: str
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
        user = _read_toml(paths.config_file)
        _check_user(user, paths.config_file)
        file = _project_file(cwd)
        shared = _read_toml(file) if file else {}
        if file:
            _check_project(shared, file)
        return cls(paths, environ, user, file.parent if file else None, shared)

    def get(self, name: str) -> Setting:
        """The value that holds for a key. Raises UsageError for a key that does not exist."""
        key = find_key(name)
        if key.variable and (value := self.environ.get(key.variable)):
            return Setting(name, value, key.variable)
        if self.project and name in self.shared:
            return Setting(
                name, _resolved(key, self.shared[name], self.project), str(self.project / "rcli.toml")
            )
        value = _lookup(self.user, name)
        if value is not None:
            return Setting(name, _resolved(key, value, self.paths.config), str(self.paths.config_file))
        return Setting(name, key.default, "default")

    def all(self) -> Iterator[Setting]:
        return (self.get(key.name) for key in KEYS)

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


@dataclass(frozen=True)
class EngineSettings:
    """What the engine takes from the ``[engine]`` section of the user's config; times in seconds.

    ``max_replicas`` 0 lets the machine decide; ``memory_reserve`` in MiB.
    """

    idle: float = 900
    replica_idle: float = 300
    port: int = 7878
    setup_timeout: float = 600
    max_replicas: int = 0
    max_queue: int = 1000
    memory_reserve: int = 512


def engine_settings(paths: Paths) -> EngineSettings:
    """Raises UsageError for a config that cannot be used. Reads nothing but ``[engine]``."""
    table = _read_toml(paths.config_file).get("engine", {})
    values = {key.name.removeprefix("engine."): key for key in KEYS if key.name.startswith("engine.")}
    chosen = {}
    for name, value in table.items() if isinstance(table, dict) else ():
        if name not in values:
            raise UsageError(f"{paths.config_file}: unknown setting engine.{name}")
        chosen[name] = check_value(values[name], value, str(paths.config_file))
    return EngineSettings(**chosen)


def find_key(name: str) -> Key:
    """Raises UsageError, naming the nearest key, for one that does not exist."""
    if name in _KEYS:
        return _KEYS[name]
    from difflib import get_close_matches

    near = get_close_matches(name, _KEYS, n=1)
    hint = f"did you mean {near[0]}?" if near else "rcli config list"
    raise UsageError(f"there is no setting {name!r}", hint=hint)


def parse_value(key: Key, text: str) -> Any:
    """A value from the command line, typed. Raises UsageError when it does not fit the key."""
    if key.kind in ("text", "path", "choice"):
        return check_value(key, text, key.name)
    if key.kind == "seconds" and (seconds := _duration(text)) is not None:
        return check_value(key, seconds, key.name)
    try:
        return check_value(key, int(text), key.name)
    except ValueError as exc:
        raise UsageError(f"{key.name} takes {_KINDS[key.kind]}, not {text!r}") from exc


def check_value(key: Key, value: Any, where: str) -> Any:
    """Raises UsageError when the value is not of the key's type."""
    match key.kind:
        case "text" | "path":
            good = isinstance(value, str) and bool(value)
        case "choice":
            good = value in key.choices
        case _:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            good = number and 0 <= value < float("inf")  # which nan is not either
    if key.kind == "number":
        good = good and isinstance(value, int) and (key.name != "engine.port" or value < 65536)
    if not good:
        wanted = " or ".join(key.choices) if key.choices else _KINDS[key.kind]
        raise UsageError(f"{where}: {key.name} takes {wanted}, not {value!r}")
    return value


_BASE_URL = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:\d{1,5})?(/[^\s?#]*)?")


def base_url(text: str, where: str = "") -> str:
    """A base URL as rcli keeps it: with ``/v1`` and no slash behind. Raises UsageError for no http(s) URL."""
    url = text.rstrip("/")
    if not _BASE_URL.fullmatch(url):
        raise UsageError(f"{where}{text!r} is no base URL", hint="write it as https://api.example.com/v1")
    return url if url.endswith("/v1") else url + "/v1"


def write(paths: Paths, dotted: tuple[str, ...], value: Any) -> None:
    """Sets one value in the user's config, or removes it with None; comments and order survive.

    Raises RcliError when the file cannot be written. The file is replaced whole, with mode 0600.
    """
    import tomlkit

    with _sole_writer(paths.config_file):
        document = tomlkit.parse(_text(paths.config_file))
        table: Any = document
        for part in dotted[:-1]:
            table = table.setdefault(part, tomlkit.table())
        if value is None:
            _remove(document, dotted)
        else:
            table[dotted[-1]] = value
        replace_private(paths.config_file, tomlkit.dumps(document))


@contextmanager
def _sole_writer(file: Path) -> Iterator[None]:
    """Between reading and writing nobody else writes. Raises RcliError."""
    from filelock import FileLock, Timeout

    try:
        make_private_folder(file.parent)
        with FileLock(file.with_name(f".{file.name}.lock"), timeout=10, mode=0o600):
            yield
    except Timeout as exc:
        raise RcliError(f"another program has been writing {file} for 10 s") from exc
    except OSError as exc:
        raise unwritable(file, exc) from exc


def _remove(table: Any, dotted: tuple[str, ...]) -> None:
    """Takes out a value, and the tables that this leaves empty: a host without its url is an error."""
    first, *rest = dotted
    if rest:
        _remove(table[first], tuple(rest))
    if not rest or not table[first]:
        table.pop(first, None)


_ALLOWED = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TEMP|TMP|LANG|LANGUAGE|TZ|RCLI_HOME|LD_LIBRARY_PATH|PYENV_ROOT"
    r"|(LC|SSL|UV|PIP|CUDA|XDG)_.*|NVIDIA_VISIBLE_DEVICES|(https?|no|all|HTTPS?|NO|ALL)_(proxy|PROXY)"
)


def allowed_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that the engine may see: no token is among them."""
    return {name: value for name, value in environ.items() if _ALLOWED.fullmatch(name)}


_KINDS = {
    "text": "a text",
    "path": "a path",
    "choice": "",
    "number": "a whole number",
    "seconds": "seconds (90, 15m, 2h)",
}


def _duration(text: str) -> int | None:
    found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    if not found or not text:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"cannot read {file}: {getattr(exc, 'strerror', None) or exc}") from exc


def _read_toml(file: Path) -> dict[str, Any]:
    if not (text := _text(file)):
        return {}
    import tomllib  # brings datetime and more: 3 ms

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise UsageError(f"{file}: {exc}", hint="mend that line") from exc


def _project_file(cwd: Path) -> Path | None:
    """The nearest rcli.toml from here upwards, not above the repository, nor in somebody else's folder."""
    if not cwd.is_dir():
        return None
    for folder in (cwd, *takewhile(lambda parent: parent.stat().st_uid == cwd.stat().st_uid, cwd.parents)):
        if (file := folder / "rcli.toml").is_file():
            return file
        if (folder / ".git").exists():
            return None
    return None


def _check_user(table: Mapping[str, Any], file: Path) -> None:
    for name, value in table.items():
        match name:
            case "hosts":
                _check_hosts(value, file)
            case "tokens":
                if not isinstance(value, dict) or not all(isinstance(token, str) for token in value.values()):
                    raise UsageError(f"{file}: [tokens] maps base URLs to texts")
            case "engine" if isinstance(value, dict):
                for inner, setting in value.items():
                    check_value(_known(f"engine.{inner}", file), setting, str(file))
            case _:
                check_value(_known(name, file), value, str(file))


def _check_hosts(hosts: Any, file: Path) -> None:
    if not isinstance(hosts, dict):
        raise UsageError(f"{file}: hosts are written as [hosts.NAME] with url = …")
    for name, table in hosts.items():
        if not isinstance(table, dict) or set(table) != {"url"} or not isinstance(table["url"], str):
            raise UsageError(f"{file}: [hosts.{name}] has one key, url")
        check_host_name(name, f"{file}: ")
        base_url(table["url"], f"{file}: ")


def check_host_name(name: str, where: str = "") -> str:
    """Raises UsageError for a name that no host can have; ``local`` is the engine's."""
    if name == LOCAL or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise UsageError(
            f"{where}{name!r} cannot be the name of a host", hint="small letters, digits and -, but not local"
        )
    return name


def _check_project(table: Mapping[str, Any], file: Path) -> None:
    """A cloned repository's file may choose among what the user has, and nothing more."""
    for name, value in table.items():
        match name, value:
            case "host", str():
                pass
            case "output_dir", str():
                if not (file.parent / value).resolve().is_relative_to(file.parent.resolve()):
                    raise UsageError(f"{file}: output_dir leaves the project: {value}")
            case "inputs", dict():
                _check_values(
                    value, "inputs of {} has the wrong type", file, lambda each: isinstance(each, dict)
                )
            case "versions", dict():
                _check_values(value, "{} is pinned to something that is no version id", file, _is_version)
            case "host" | "output_dir" | "inputs" | "versions", _:
                raise UsageError(f"{file}: {name} has the wrong type")
            case _:
                raise UsageError(f"{file}: a project's file cannot set {name!r}", hint="rcli config set")


def _check_values(table: Mapping[str, Any], wrong: str, file: Path, fits: Callable[[Any], bool]) -> None:
    for name, value in table.items():
        if not fits(value):
            raise UsageError(f"{file}: {wrong.format(name)}")


def _is_version(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch("[0-9a-f]{64}", value))


def _known(name: str, file: Path) -> Key:
    if name not in _KEYS:
        raise UsageError(f"{file}: unknown setting {name!r}", hint=f"settings: {', '.join(_KEYS)}")
    return _KEYS[name]


def _lookup(table: Mapping[str, Any], dotted: str) -> Any:
    value: Any = table
    for part in dotted.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _resolved(key: Key, value: Any, base: Path) -> Any:
    if key.kind != "path":
        return value
    return str((base / os.path.expanduser(str(value))).resolve())
