"""What a file is, told from its first bytes: the name in an address, and what a server says, may be wrong."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """A kind of content: its media type, and its extensions, the usual one first."""

    content_type: str
    extensions: tuple[str, ...]


_MAGIC: tuple[tuple[int, bytes, Format], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", Format("image/png", (".png", ".apng"))),
    (0, b"\xff\xd8\xff", Format("image/jpeg", (".jpg", ".jpeg", ".jpe", ".jfif"))),
    (0, b"GIF87a", Format("image/gif", (".gif",))),
    (0, b"GIF89a", Format("image/gif", (".gif",))),
    (0, b"II*\x00", Format("image/tiff", (".tif", ".tiff"))),
    (0, b"MM\x00*", Format("image/tiff", (".tif", ".tiff"))),
    (0, b"%PDF-", Format("application/pdf", (".pdf",))),
    (0, b"fLaC", Format("audio/flac", (".flac",))),
    (0, b"ID3", Format("audio/mpeg", (".mp3",))),
    (0, b"OggS", Format("audio/ogg", (".ogg", ".oga", ".opus", ".ogv"))),
    (0, b"glTF", Format("model/gltf-binary", (".glb",))),
    (0, b"ply\n", Format("application/x-ply", (".ply",))),
    (0, b"\x93NUMPY", Format("application/x-npy", (".npy",))),
    (8, b"WEBP", Format("image/webp", (".webp",))),
    (8, b"WAVE", Format("audio/wav", (".wav", ".wave"))),
    (8, b"AVI ", Format("video/x-msvideo", (".avi",))),
    (257, b"ustar", Format("application/x-tar", (".tar",))),
)
"""Where which bytes stand. What stands at 8 is in a RIFF file."""

_BRANDS = {
    b"avif": Format("image/avif", (".avif",)),
    b"avis": Format("image/avif", (".avif", ".avifs")),
    b"heic": Format("image/heic", (".heic", ".heif")),
    b"mif1": Format("image/heif", (".heif", ".heic", ".avif")),
    b"qt  ": Format("video/quicktime", (".mov", ".qt")),
    b"M4A ": Format("audio/mp4", (".m4a", ".mp4")),
    b"M4V ": Format("video/mp4", (".mp4", ".m4v")),
}
_MP4 = Format("video/mp4", (".mp4", ".m4v", ".m4a", ".mov"))
_WEBM = Format("video/webm", (".webm", ".weba"))
_MATROSKA = Format("video/x-matroska", (".mkv", ".mka"))
_ZIP = Format("application/zip", (".zip",))
_GZIP = Format("application/gzip", (".gz", ".tgz"))
_MP3_FRAME = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")

_BY_CONTENT = frozenset(
    extension
    for format in (*(row[2] for row in _MAGIC), *_BRANDS.values(), _MP4, _WEBM, _MATROSKA)
    for extension in format.extensions
) | {".bmp"}
"""The extensions of which the content must tell that they are right."""

_BEFORE_MARKUP = rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*"
_PAGE = re.compile(_BEFORE_MARKUP + rb"<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_SVG = re.compile(_BEFORE_MARKUP + rb"<svg\b", re.IGNORECASE | re.DOTALL)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def told_by(head: bytes) -> Format | None:
    """The format of content that begins so, None where the beginning does not prove one."""
    for at, magic, format in _MAGIC:
        if head.startswith(magic, at) and (at != 8 or head.startswith(b"RIFF")):
            return format
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], _MP4)
    if head.startswith(b"\x1aE\xdf\xa3"):
        return _WEBM if b"webm" in head[:64] else _MATROSKA
    return None


def is_page(head: bytes) -> bool:
    """Whether content that begins so is a web page."""
    return bool(_PAGE.match(head))


def wants_bytes(suffix: str) -> bool:
    """Whether a file of this extension has content that can be recognized."""
    return suffix.lower() in _BY_CONTENT


def extension(suffix: str, head: bytes, content_type: str) -> str:
    """The extension that a file should have whose address says ``suffix``, which may be empty.

    One that its content belies is replaced; where nothing is known it stays.
    """
    told = told_by(head)
    if told and suffix.lower() in told.extensions:
        return suffix
    if told and (suffix.lower() in ("", ".bin") or wants_bytes(suffix)):
        return told.extensions[0]
    return suffix or _guessed(head, content_type)


def _guessed(head: bytes, content_type: str) -> str:
    """For content without a name: by what the server says, unless that says nothing."""
    import mimetypes  # reads the system's tables: 5 ms

    if content_type not in ("", "application/octet-stream", "binary/octet-stream", "text/plain"):
        return mimetypes.guess_extension(content_type) or ""
    if head.startswith(b"PK\x03\x04"):
        return _ZIP.extensions[0]
    if head.startswith(b"\x1f\x8b"):
        return _GZIP.extensions[0]
    if _MP3_FRAME.match(head):
        return ".mp3"
    return _text_extension(head)


def _text_extension(head: bytes) -> str:
    """``.txt`` and its relatives for text, ``.bin`` for anything else, nothing for nothing."""
    if not head:
        return ""
    if not is_text(head):
        return ".bin"
    if is_page(head):
        return ".html"
    if _SVG.match(head):
        return ".svg"
    return ".json" if _is_json(head) else ".txt"


def is_text(head: bytes) -> bool:
    """Whether content that begins so is text: UTF-8, perhaps cut, without control characters."""
    try:
        head.decode()
    except UnicodeDecodeError as exc:
        if exc.reason != "unexpected end of data" or exc.start < len(head) - 3:
            return False
    return not _CONTROL.search(head)


def _is_json(head: bytes) -> bool:
    """Whether it is an object or a list; one that is longer than what was read is not proved."""
    if not head.lstrip().startswith((b"{", b"[")):
        return False
    try:
        json.loads(head)
    except (ValueError, RecursionError):
        return False
    return True
