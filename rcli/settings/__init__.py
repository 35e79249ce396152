"""Where rcli keeps things, and what the user has set: every value knows where it came from.

The order, strongest first: the command line, the environment, the project's ``rcli.toml``, the user's
``config.toml``, the default. Nothing here touches the network, and only ``write`` touches the disk.
"""

from __future__ import annotations

from rcli.settings.engine import EngineSettings, allowed_environment, engine_settings
from rcli.settings.files import nearest, write
from rcli.settings.hosts import LOCAL, REPLICATE, REPLICATE_URL, Host, base_url, check_host_name
from rcli.settings.keys import KEYS, LIST_PRICES_FROM, Key, find_key, path_of
from rcli.settings.layers import Setting, Settings
from rcli.settings.values import check_value, parse_duration, parse_value

__all__ = [
    "KEYS",
    "LIST_PRICES_FROM",
    "LOCAL",
    "REPLICATE",
    "REPLICATE_URL",
    "EngineSettings",
    "Host",
    "Key",
    "Setting",
    "Settings",
    "allowed_environment",
    "base_url",
    "check_host_name",
    "check_value",
    "engine_settings",
    "find_key",
    "nearest",
    "parse_duration",
    "parse_value",
    "path_of",
    "write",
]
