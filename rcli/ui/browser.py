"""Showing a page or a file in what the desktop has for it, where there is a desktop."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path


def opens(address: str, environ: Mapping[str, str]) -> bool:
    """False if nobody would see the page, and for what is no page of the web: a server chose it."""
    return address.startswith(("https://", "http://")) and _opens(address, environ)


def opens_file(path: Path, environ: Mapping[str, str]) -> bool:
    """A file or a folder of the user's own; False as for ``opens``."""
    return _opens(path.as_uri(), environ)


def _opens(address: str, environ: Mapping[str, str]) -> bool:
    """A text browser, which is all that there is without a desktop, would take over the terminal."""
    has_desktop = sys.platform in ("darwin", "win32") or any(
        environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )
    if not has_desktop:
        return False
    import webbrowser

    return webbrowser.open(address)
