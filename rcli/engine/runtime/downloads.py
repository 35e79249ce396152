"""How large the packages of an environment are, known before any of them is downloaded.

uv resolves them and writes a lock file (PEP 751), which has the sizes that the index tells. PyTorch's index
tells none: there the server is asked for the length of the file.
"""

from __future__ import annotations

import asyncio
import tempfile
import tomllib
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rcli.engine.runtime.installer import BuildError, run_uv

LOCK = "pylock.toml"  # uv insists on such a name
ANSWER_SECONDS = 5
LONGEST_SECONDS = 20.0  # nobody waits longer for a mere warning


@dataclass(frozen=True)
class Download:
    """``size`` in bytes, of whatever a cache may hold of it already; ``unknown`` names what is not in it."""

    size: int
    unknown: tuple[str, ...] = ()


async def measure(arguments: Sequence[str], requirements: str, environ: Mapping[str, str]) -> Download | None:
    """The wheels that these requirements come to; None when that cannot be found out, or not soon.

    ``arguments`` are further ones of ``uv pip compile``. Nothing is built, because that downloads too.
    """
    with tempfile.TemporaryDirectory(prefix="rcli-") as name:
        folder = Path(name)
        (folder / "requirements.in").write_text(requirements)
        command = ["pip", "compile", "--format", LOCK, "--no-build", "--output-file", LOCK, *arguments]
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                quick = {"UV_HTTP_RETRIES": "0"} | dict(environ)
                await run_uv([*command, "requirements.in"], quick, folder, lambda line: None)
                return await _sum((folder / LOCK).read_text())
        except (BuildError, TimeoutError):
            return None


async def _sum(lock: str) -> Download:
    packages: list[dict[str, Any]] = tomllib.loads(lock).get("packages", [])
    sizes = await asyncio.gather(*(_package_size(package) for package in packages))
    known = sum(size for size in sizes if size is not None)
    unknown = (package["name"] for package, size in zip(packages, sizes, strict=True) if size is None)
    return Download(known, tuple(unknown))


async def _package_size(package: Mapping[str, Any]) -> int | None:
    """Bytes; the largest where several wheels fit: which of them is taken is for uv to say."""
    if "directory" in package:
        return 0
    files = package.get("wheels") or [package[key] for key in ("sdist", "archive") if key in package]
    sizes = await asyncio.gather(*(_file_size(file) for file in files))
    told = [size for size in sizes if size is not None]
    return max(told) if told else None


async def _file_size(file: Mapping[str, Any]) -> int | None:
    address = str(file.get("url", ""))
    if "path" in file or address.startswith("file:"):
        return 0
    if "size" in file:
        return int(file["size"])
    return await asyncio.to_thread(_content_length, address)


def _content_length(address: str) -> int | None:
    """What the server says of a file without sending it."""
    request = urllib.request.Request(address, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            length = answer.headers.get("content-length", "")
    except (OSError, ValueError):
        return None
    return int(length) if length.isdigit() else None
