"""What the engine takes from the user's config, and which variables it may see."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rcli.errors import UsageError
from rcli.paths import Paths
from rcli.settings.files import read_toml
from rcli.settings.keys import KEYS
from rcli.settings.values import check_value

_ALLOWED = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TEMP|TMP|LANG|LANGUAGE|TZ|RCLI_HOME|LD_LIBRARY_PATH|PYENV_ROOT"
    r"|(LC|SSL|UV|PIP|CUDA|XDG)_.*|NVIDIA_VISIBLE_DEVICES|(https?|no|all|HTTPS?|NO|ALL)_(proxy|PROXY)"
)


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
    table = read_toml(paths.config_file).get("engine", {})
    values = {key.name.removeprefix("engine."): key for key in KEYS if key.name.startswith("engine.")}
    chosen = {}
    for name, value in table.items() if isinstance(table, dict) else ():
        if name not in values:
            raise UsageError(f"{paths.config_file}: unknown setting engine.{name}")
        chosen[name] = check_value(values[name], value, str(paths.config_file))
    return EngineSettings(**chosen)


def allowed_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that the engine may see: no token is among them."""
    return {name: value for name, value in environ.items() if _ALLOWED.fullmatch(name)}
