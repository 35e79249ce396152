"""A Cog project's ``cog.yaml`` as values, with errors that name file and line.

Keys and types are those of Cog's own schema (``pkg/config/data/config_schema_v1.0.json`` in its repository).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from rcli.engine.runtime.requirements import Requirements, RequirementsError, read_requirements
from rcli.errors import UsageError
from rcli.records import Overrides

MANUAL = "https://cog.run/yaml describes every key"
TOP_KEYS = frozenset(
    ["build", "image", "model", "run", "predict", "train", "concurrency", "environment", "weights"]
)
BUILD_KEYS = frozenset(
    [
        *("cuda", "cudnn", "gpu", "python_version", "python_packages", "pre_install", "python_requirements"),
        *("system_packages", "sdk_version", "run"),
    ]
)
VERSION = re.compile(r"3\.\d+(\.\d+)?")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
REFERENCE = re.compile(r"[^:]+\.py:[^\W\d]\w*")
RESERVED = (
    *("PATH", "LD_LIBRARY_PATH", "LIBRARY_PATH", "PYTHONPATH", "PYTHONUNBUFFERED", "VIRTUAL_ENV"),
    *("R8_*", "REPLICATE_*", "PGET_*", "HF_ENDPOINT", "HF_HUB_ENABLE_HF_TRANSFER"),
    *("CUDA_*", "NVIDIA_*", "NV_*", "KUBERNETES_*"),
)
"""Variables that Cog does not let a project set (``pkg/config/env.go`` in its repository)."""

MOUNT_KEYS = frozenset({"type", "id", "target"})
WEIGHT_KEYS = frozenset({"name", "target", "source"})


class ProjectError(UsageError):
    """cog.yaml is missing, does not parse, or says something that Cog does not know."""


@dataclass(frozen=True)
class Build:
    """The ``build`` section. ``python_requirements`` is the text of that file, with files that it includes.

    ``constraints`` is the text of files that it names with ``-c``, ``archives`` the whole paths of local
    archives in it. ``run`` holds the commands of ``pre_install`` and ``run``, in this order, ``secrets`` the
    targets of their mounts. ``overrides`` (packages) and ``torch_backend`` are no keys of cog.yaml: a run may
    set them.
    """

    gpu: bool = False
    cuda: str | None = None
    cudnn: str | None = None
    python_version: str | None = None
    python_packages: tuple[str, ...] = ()
    python_requirements: str | None = None
    constraints: str = ""
    archives: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    system_packages: tuple[str, ...] = ()
    sdk_version: str | None = None
    overrides: tuple[str, ...] = ()
    torch_backend: str | None = None

    def changed(self, by: Overrides) -> Build:
        """The section as a run wants it."""
        return replace(
            self,
            python_version=None if by.any_python else self.python_version,
            overrides=by.packages,
            torch_backend=by.torch_backend,
        )


@dataclass(frozen=True)
class Project:
    """A folder with a cog.yaml. ``run`` and ``train`` are references such as ``run.py:Runner``.

    ``weights`` are the places at which a container would have Cog's managed weights.
    """

    folder: Path
    build: Build
    run: str | None = None
    train: str | None = None
    environment: tuple[tuple[str, str], ...] = ()
    concurrency: int | None = None
    image: str | None = None
    weights: tuple[str, ...] = ()


def read_project(folder: Path, file: str = "cog.yaml") -> Project:
    """Read ``folder/file``. Raises ProjectError, whose message begins with ``cog.yaml:LINE:``."""
    top = _Section(file, _parse(folder, file), TOP_KEYS)
    run, predict = top.reference("run"), top.reference("predict")
    if run and predict:
        raise top.error("predict", "run and predict mean the same: keep one")
    concurrency = top.section("concurrency", frozenset({"max", "default_target"}))
    return Project(
        folder=folder,
        build=_build(folder, top.section("build", BUILD_KEYS)),
        run=run or predict,
        train=top.reference("train"),
        environment=_environment(top),
        concurrency=concurrency.count("max"),
        image=top.text("image"),
        weights=top.weights(),
    )


def named_files(folder: Path, file: str = "cog.yaml") -> tuple[str, ...]:
    """The files that reading the project needs, whatever .dockerignore says: cog.yaml, requirements, wheels.

    Raises ProjectError.
    """
    build = _Section(file, _parse(folder, file), TOP_KEYS).section("build", BUILD_KEYS)
    requirements = _requirements(folder, build)
    if requirements is None:
        return (file,)
    home = folder.resolve()
    return (file, *(str(path.relative_to(home)) for path in (*requirements.files, *requirements.archives)))


def _build(folder: Path, build: _Section) -> Build:
    packages = build.texts("python_packages")
    if packages and build.text("python_requirements"):
        raise build.error("python_packages", "python_packages and python_requirements cannot both be set")
    version = build.text("python_version")
    if version and not VERSION.fullmatch(version):
        raise build.error("python_version", f"{version!r} is no Python version such as 3.12")
    requirements = _requirements(folder, build)
    return Build(
        gpu=build.flag("gpu"),
        cuda=build.version("cuda"),
        cudnn=build.text("cudnn"),
        python_version=version,
        python_packages=packages,
        python_requirements=requirements.text if requirements else None,
        constraints=requirements.constraints if requirements else "",
        archives=tuple(map(str, requirements.archives)) if requirements else (),
        run=(*build.commands("pre_install"), *build.commands("run")),
        secrets=(*build.secrets("pre_install"), *build.secrets("run")),
        system_packages=build.texts("system_packages"),
        sdk_version=build.text("sdk_version"),
    )


def _environment(top: _Section) -> tuple[tuple[str, str], ...]:
    for number, line in enumerate(top.texts("environment")):
        if not VARIABLE.match(line):
            raise top.error("environment", f"environment: {line!r} is not NAME=value", item=number)
        name = line.partition("=")[0]
        if any(fnmatchcase(name, pattern) for pattern in RESERVED):
            raise top.error("environment", f"environment: {name} is reserved, Cog refuses it", item=number)
    pairs = (line.partition("=") for line in top.texts("environment"))
    return tuple((name, value) for name, _, value in pairs)


def _requirements(folder: Path, build: _Section) -> Requirements | None:
    name = build.text("python_requirements")
    if name is None:
        return None
    try:
        return read_requirements(folder, name)
    except (OSError, UnicodeDecodeError) as exc:
        raise build.error("python_requirements", f"cannot read {name}: {exc}") from exc
    except RequirementsError as exc:
        error = build.error("python_requirements", exc.message)
        raise ProjectError(error.message, hint=exc.hint or error.hint) from exc


def _parse(folder: Path, file: str) -> yaml.MappingNode:
    """The document as YAML nodes, which know their lines."""
    path = folder / file
    try:
        node = yaml.compose(path.read_text(), Loader=yaml.SafeLoader)
    except FileNotFoundError:
        raise ProjectError(
            f"there is no {file} in {folder}", hint="a Cog project has one: " + MANUAL
        ) from None
    except (OSError, UnicodeDecodeError) as exc:
        raise ProjectError(f"{file}: cannot be read: {exc}") from exc
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        problem = getattr(exc, "problem", None) or "not valid YAML"
        line = mark.line + 1 if mark else 1
        raise ProjectError(f"{file}:{line}: {problem}", hint="check the indentation and the quotes") from exc
    if node is None:
        return yaml.MappingNode("tag:yaml.org,2002:map", [])
    if not isinstance(node, yaml.MappingNode):
        raise ProjectError(f"{file}:1: the file must be a mapping of keys to values", hint=MANUAL)
    return node


class _Section:
    """One mapping of cog.yaml, read key by key; a key without a value counts as absent."""

    def __init__(self, file: str, node: yaml.MappingNode, keys: frozenset[str], path: str = "") -> None:
        self._file, self._node, self._path = file, node, path
        self._values: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            if name not in keys:
                near = get_close_matches(name, sorted(keys), n=1)
                meant = f": did you mean {near[0]}?" if near else ""
                raise self._error(key, f"unknown key {path}{name}{meant}")
            if name in self._values:
                raise self._error(key, f"{path}{name} is there twice")
            self._values[name] = value

    def error(self, key: str, message: str, *, item: int | None = None) -> ProjectError:
        """An error at the line of a key's value, or of an item of its list."""
        node = self._values[key]
        return self._error(node.value[item] if item is not None else node, message)

    def _error(self, node: yaml.Node, message: str) -> ProjectError:
        line = node.start_mark.line + 1 if node.start_mark else 1
        return ProjectError(f"{self._file}:{line}: {message}", hint=MANUAL)

    def _get(self, key: str) -> yaml.Node | None:
        node = self._values.get(key)
        return None if node is None or node.tag == "tag:yaml.org,2002:null" else node

    def text(self, key: str) -> str | None:
        """A scalar as it is written: 3.10 stays 3.10."""
        node = self._get(key)
        return None if node is None else self._scalar(node, key)

    def _scalar(self, node: yaml.Node, key: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or not node.value:
            raise self._error(node, f"{self._path}{key} must be a text")
        return str(node.value)

    def reference(self, key: str) -> str | None:
        text = self.text(key)
        if text is not None and not REFERENCE.fullmatch(text):
            raise self.error(key, f"{key}: {text!r} is not FILE.py:NAME, such as run.py:Runner")
        return text

    def version(self, key: str) -> str | None:
        text = self.text(key)
        if text is not None and not re.fullmatch(r"\d+\.\d+(\.\d+)?", text):
            raise self.error(key, f"{self._path}{key}: {text!r} is no version such as 11.8")
        return text

    def flag(self, key: str) -> bool:
        node = self._get(key)
        if node is None:
            return False
        if node.tag != "tag:yaml.org,2002:bool":
            raise self._error(node, f"{self._path}{key} must be true or false")
        return str(node.value).lower() in ("true", "yes", "on")

    def count(self, key: str) -> int | None:
        node = self._get(key)
        if node is None:
            return None
        if node.tag != "tag:yaml.org,2002:int" or not str(node.value).isdigit() or int(node.value) < 1:
            raise self._error(node, f"{self._path}{key} must be a whole number, 1 or more")
        return int(node.value)

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(self._scalar(item, key) for item in self._items(key))

    def commands(self, key: str) -> tuple[str, ...]:
        """Commands are texts, or mappings with ``command`` and ``mounts``."""
        return tuple(self._command(item, key) for item in self._items(key))

    def _command(self, item: yaml.Node, key: str) -> str:
        if not isinstance(item, yaml.MappingNode):
            return self._scalar(item, key)
        command = self._inner(item, key, frozenset({"command", "mounts"})).text("command")
        if command is None:
            raise self._error(item, f"{self._path}{key}: a command is missing")
        return command

    def secrets(self, key: str) -> tuple[str, ...]:
        """Where the commands' mounts would put secrets."""
        commands = [item for item in self._items(key) if isinstance(item, yaml.MappingNode)]
        sections = [self._inner(item, key, frozenset({"command", "mounts"})) for item in commands]
        return tuple(target for section in sections for target in section._mounts())

    def _mounts(self) -> list[str]:
        mounts = [self._inner(item, "mounts", MOUNT_KEYS) for item in self._items("mounts")]
        return [mount.needed("target") for mount in mounts if mount.needed("id") and mount.is_secret()]

    def is_secret(self) -> bool:
        """Raises ProjectError for another type of mount: Cog knows no other."""
        if self.needed("type") != "secret":
            raise self.error("type", f"{self._path}type must be secret")
        return True

    def weights(self) -> tuple[str, ...]:
        """The targets of Cog's managed weights."""
        entries = [self._inner(item, "weights", WEIGHT_KEYS) for item in self._items("weights")]
        return tuple(entry.needed("target") for entry in entries)

    def needed(self, key: str) -> str:
        """A text that must be there."""
        text = self.text(key)
        if text is None:
            raise self._error(self._node, f"{self._path}{key} is missing")
        return text

    def _inner(self, item: yaml.Node, key: str, keys: frozenset[str]) -> _Section:
        if not isinstance(item, yaml.MappingNode):
            raise self._error(item, f"{self._path}{key}: each must be a mapping of keys to values")
        return _Section(self._file, item, keys, f"{self._path}{key}.")

    def _items(self, key: str) -> list[yaml.Node]:
        node = self._get(key)
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise self._error(node, f"{self._path}{key} must be a list")
        return list(node.value)

    def section(self, key: str, keys: frozenset[str]) -> _Section:
        node = self._get(key)
        if node is None:
            return _Section(self._file, yaml.MappingNode("tag:yaml.org,2002:map", []), keys)
        if not isinstance(node, yaml.MappingNode):
            raise self._error(node, f"{self._path}{key} must be a mapping of keys to values")
        return _Section(self._file, node, keys, f"{self._path}{key}.")
