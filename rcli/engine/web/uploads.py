"""Uploads: multipart bodies in the three shapes that official clients send, kept as files."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from rcli.engine.data.files import File, Files
from rcli.engine.problems import InvalidField, Problem, invalid_request, keeping, no_room
from rcli.engine.web.bodies import announced_length, parse

FILE_LIMIT = 100 << 20
"""Bytes; a file must be smaller."""

FORM_LIMIT = FILE_LIMIT + (1 << 20)
NAME_LIMIT = 255
METADATA_LIMIT = 1 << 20

_BRACKETS = re.compile(r"metadata((?:\[[^\[\]]*\])+)")


async def receive_upload(request: Request, files: Files) -> File:
    """Raises Problem 400, 413, 415 or 422 for a body that is no upload."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Problem(415, "A file is uploaded as multipart/form-data")
    if announced_length(request) > FORM_LIMIT:
        raise _too_large()
    if not files.has_room(2 * announced_length(request)):  # it lies in a temporary file first
        raise no_room("The engine's disk has too little room for this upload")
    try:
        with keeping():
            async with _bounded(request).form(max_files=8, max_fields=200) as form:
                return await _keep(form, files)
    except _TooLarge as exc:
        raise _too_large() from exc
    except ClientDisconnect as exc:
        raise Problem(400, "The body broke off") from exc


class _TooLarge(Exception):
    pass


def _bounded(request: Request) -> Request:
    """The same request, which breaks off when its body grows over the limit."""
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > FORM_LIMIT:
            raise _TooLarge
        return message

    return Request(request.scope, receive)


async def _keep(form: FormData, files: Files) -> File:
    content = form.get("content")
    if not isinstance(content, UploadFile):
        raise invalid_request([InvalidField("required", "content", "content is required, as a file")])
    if (content.size or 0) >= FILE_LIMIT:
        raise _too_large()
    name = _text(form, "filename") or content.filename or "file"
    if len(name.encode(errors="replace")) > NAME_LIMIT:
        raise invalid_request([InvalidField("string_lte", "filename", "must be at most 255 bytes long")])
    content_type = _text(form, "type") or content.content_type or "application/octet-stream"
    metadata = await _metadata(form)
    with files.arriving() as part:
        await asyncio.to_thread(_write, content, part)
        return await files.adopt(part, kind="upload", name=name, content_type=content_type, metadata=metadata)


def _write(content: UploadFile, part: Path) -> None:
    with part.open("wb") as target:
        shutil.copyfileobj(content.file, target, 1 << 20)


async def _metadata(form: FormData) -> dict[str, Any]:
    try:
        raw = await _raw_metadata(form)
        metadata = parse(raw or b"{}") if len(raw) <= METADATA_LIMIT else None
    except (Problem, UnicodeEncodeError, RecursionError) as exc:
        raise invalid_request([InvalidField("format", "metadata", "must be valid JSON")]) from exc
    if len(raw) > METADATA_LIMIT:
        raise invalid_request([InvalidField("string_lte", "metadata", "must be at most 1 MiB long")])
    if not isinstance(metadata, dict):
        raise invalid_request([InvalidField("invalid_type", "metadata", "must be a JSON object")])
    return metadata


async def _raw_metadata(form: FormData) -> bytes:
    """A text field (Python), a file part (Node.js), or ``metadata[a][b]`` fields (Python 2)."""
    match form.get("metadata"):
        case None:
            return json.dumps(_from_brackets(form), ensure_ascii=False).encode()
        case str(text):
            return text.encode()
        case part:
            return await part.read(METADATA_LIMIT + 1)


def _from_brackets(form: FormData) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    for key, value in form.multi_items():
        found = _BRACKETS.fullmatch(key)
        if found and isinstance(value, str):
            *outer, last = re.findall(r"\[([^\[\]]*)\]", found.group(1))
            place = metadata
            for name in outer:
                inner = place.setdefault(name, {})
                place = inner if isinstance(inner, dict) else place
            place[last] = value
    return metadata


def _text(form: FormData, name: str) -> str | None:
    value = form.get(name)
    return value if isinstance(value, str) and value else None


def _too_large() -> Problem:
    return Problem(413, "Files must be less than 100MB in size", headers={"connection": "close"})
