"""Base addresses that are kept: one with the engine's own port fits the port of the next engine, too."""

from __future__ import annotations

_OWN = "{port}"


def lasting(base: str, port: int) -> str:
    """Scheme and host as a client used them, to be kept by an engine that listens on ``port``."""
    host, _, end = base.rpartition(":")
    return f"{host}:{_OWN}" if end == str(port) else base


def current(kept: str, port: int) -> str:
    """What ``lasting`` has made, for an engine that listens on ``port`` now."""
    return kept.replace(_OWN, str(port))
