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
    kind: Literal["text", "seconds", "bytes", "number", "path", "choice", "dollars", "price"]
    default: str | float | int | None
    about: str
    choices: tuple[str, ...] = ()
    variable: str | None = None


KEYS: tuple[Key, ...] = (
    Key("host", "text", None, "the host that commands talk to when nothing else says", variable="RCLI_HOST"),
    Key("output_dir", "path", None, "where downloaded outputs go, instead of beside the config file"),
    Key("preview", "choice", "on", "whether pictures are shown in the terminal", ("on", "off")),
    Key("token_store", "choice", "file", "where sign-ins keep tokens", ("file", "keyring")),
    Key("library", "choice", "on", "whether inputs and outputs of what ran are remembered", ("on", "off")),
    Key("engine.port", "number", 7878, "the port of rcli serve"),
    Key("engine.idle", "seconds", 900, "the engine stops after this long without work"),
    Key("engine.replica_idle", "seconds", 300, "a loaded model sleeps after this long without work"),
    Key("engine.setup_timeout", "seconds", 600, "how long a model's setup may take"),
    Key("engine.max_replicas", "number", 0, "how many models are loaded at once; 0: as the machine bears"),
    Key("engine.max_queue", "number", 1000, "how many predictions of one version may wait"),
    Key("engine.memory_reserve", "number", 512, "MiB of memory that stay free: models sleep for it, or wait"),
    Key("engine.disk_reserve", "number", 500, "MiB of disk that stay free: files are refused beyond that"),
    Key("engine.retention", "seconds", 30 * 86400, "predictions keep their data this long; 0: for ever"),
    Key("engine.quota", "bytes", 0, "what the engine may keep on the disk in all; 0: no limit"),
)

LIST_PRICES_FROM = "2026-11-23"
"""The day on which the list below was written down, from a copy of https://replicate.com/pricing."""

_LIST_PRICES = {
    "cpu": 0.000100,
    "gpu-t4": 0.000225,
    "gpu-a40-small": 0.000575,
    "gpu-a40-large": 0.000725,
    "gpu-l40s": 0.000975,
    "gpu-a100-large": 0.001400,
    "gpu-h100": 0.001525,
}
_PRICES_ABOUT = "US dollars for a second of this hardware"

KEYS += tuple(
    Key(f"prices.{hardware}", "dollars", price, _PRICES_ABOUT) for hardware, price in _LIST_PRICES.items()
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
        file = nearest(cwd, "rcli.toml")
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
        value = _lookup(self.user, path_of(name))
        if value is not None:
            return Setting(name, _resolved(key, value, self.paths.config), str(self.paths.config_file))
        is_price = key.kind == "dollars" and key.default is not None
        return Setting(name, key.default, f"list price, {LIST_PRICES_FROM}" if is_price else "default")

    def all(self) -> Iterator[Setting]:
        priced = [f"{table}.{name}" for table in _PRICED for name in self.user.get(table, {})]
        return (self.get(name) for name in dict.fromkeys([*_KEYS, *priced]))

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

    ``max_replicas`` 0 lets the machine decide; ``memory_reserve`` and ``disk_reserve`` in MiB, ``quota`` in
    bytes; a ``retention`` or ``quota`` of 0 has no limit.
    """

    idle: float = 900
    replica_idle: float = 300
    port: int = 7878
    setup_timeout: float = 600
    max_replicas: int = 0
    max_queue: int = 1000
    memory_reserve: int = 512
    disk_reserve: int = 500
    retention: float = 30 * 86400
    quota: int = 0


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
    if key := _price_key(name):
        return key
    from difflib import get_close_matches

    near = get_close_matches(name, _KEYS, n=1)
    hint = f"did you mean {near[0]}?" if near else "rcli config list"
    raise UsageError(f"there is no setting {name!r}", hint=hint)


_PRICED = ("price", "prices")
_HARDWARE = r"[a-z0-9][a-z0-9-]{0,63}"


def _price_key(name: str) -> Key | None:
    """A model's price is set under its own name, and a hardware's may be set that the list does not have."""
    if re.fullmatch(r"price\.(deployments/)?[\w.-]+/[\w.-]+", name, re.ASCII):
        return Key(name, "price", None, "the hardware that this model runs on, or US dollars for a run")
    return Key(name, "dollars", None, _PRICES_ABOUT) if re.fullmatch(rf"prices\.{_HARDWARE}", name) else None


def path_of(name: str) -> tuple[str, ...]:
    """Where a setting stands in the file: a model's name may have dots of its own."""
    first, _, rest = name.partition(".")
    return (first, rest) if first in _PRICED else tuple(name.split("."))


def parse_value(key: Key, text: str) -> Any:
    """A value from the command line, typed. Raises UsageError when it does not fit the key."""
    if key.kind in ("text", "path", "choice"):
        return check_value(key, text, key.name)
    if key.kind in ("dollars", "price"):
        return check_value(key, _number(text), key.name)
    if (amount := _amount(key, text)) is not None:
        return check_value(key, amount, key.name)
    try:
        return check_value(key, int(text), key.name)
    except ValueError as exc:
        raise UsageError(f"{key.name} takes {_KINDS[key.kind]}, not {text!r}") from exc


def parse_duration(text: str, name: str) -> float:
    """Seconds from an option such as ``30d`` or ``90``. Raises UsageError."""
    return float(parse_value(Key(name, "seconds", None, ""), text))


def check_value(key: Key, value: Any, where: str) -> Any:
    """The value; an amount with a unit as a number. Raises UsageError when it is not of the key's type."""
    value = _resolved(key, value)
    match key.kind:
        case "text" | "path":
            good = isinstance(value, str) and bool(value)
        case "choice":
            good = value in key.choices
        case "price" if isinstance(value, str):
            good = bool(re.fullmatch(_HARDWARE, value))
        case _:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            good = number and 0 <= value < float("inf")  # which nan is not either
    if key.kind in ("number", "bytes"):
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
    "seconds": "seconds (90, 15m, 2h, 30d)",
    "bytes": "bytes (500MB, 20GB)",
    "dollars": "US dollars (0.000975)",
    "price": "a hardware's name (gpu-l40s) or the US dollars for a run (0.003)",
}


def _number(text: str) -> float | str:
    """A number if it is written as one."""
    try:
        return float(text)
    except ValueError:
        return text


def _amount(key: Key, text: str) -> int | None:
    """Seconds or bytes that are written with a unit; None for anything else."""
    match key.kind:
        case "seconds":
            return _duration(text)
        case "bytes":
            return _bytes(text)
        case _:
            return None


def _duration(text: str) -> int | None:
    found = re.fullmatch(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    if not found or not text:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + seconds


def _bytes(text: str) -> int | None:
    """``20GB``, ``500 MB`` or ``1.5TiB``: thousands, or with an i 1024s."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kKMGT]?)(i?)B", text, re.ASCII)
    if not found:
        return None
    step = 1024 if found[3] else 1000
    return int(float(found[1]) * step ** " KMGT".index(found[2].upper() or " "))


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


def nearest(cwd: Path, name: str) -> Path | None:
    """A project's file from here upwards, not above the repository, nor in somebody else's folder."""
    if not cwd.is_dir():
        return None
    for folder in (cwd, *takewhile(lambda parent: parent.stat().st_uid == cwd.stat().st_uid, cwd.parents)):
        if (file := folder / name).is_file():
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
            case "engine" | "price" | "prices" if isinstance(value, dict):
                for inner, setting in value.items():
                    check_value(_known(f"{name}.{inner}", file), setting, str(file))
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
    if key := _KEYS.get(name) or _price_key(name):
        return key
    raise UsageError(f"{file}: unknown setting {name!r}", hint=f"settings: {', '.join(_KEYS)}")


def _lookup(table: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = table
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _resolved(key: Key, value: Any, base: Path | None = None) -> Any:
    """What a file says, as it counts: a path below ``base``, an amount with a unit as a number."""
    if key.kind == "path" and base is not None:
        return str((base / os.path.expanduser(str(value))).resolve())
    amount = _amount(key, value) if isinstance(value, str) else None
    return value if amount is None else amount
