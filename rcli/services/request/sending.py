"""A command's files on their way to a host: shrunk or packed first, then sent, the same bytes once.

What is made of them lies in a scratch folder; the user's own files are only read.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from rcli import images
from rcli.api.endpoints import Replicate
from rcli.errors import InvalidInput, RcliError, UsageError
from rcli.services.request import packing
from rcli.services.request.inputs import Inputs, Upload
from rcli.services.request.sources import LIMIT, FileInput
from rcli.services.request.uploads import Uploads

Progress = Callable[[str, float | None], None]
"""What is being done, and how much of it: 0 to 1."""

_BOX = re.compile(r"([0-9]{1,5})(?:x([0-9]{1,5}))?")


@dataclass(frozen=True)
class Box:
    """The most pixels that a picture is to have, in both directions."""

    width: int
    height: int


def box(text: str | None) -> Box | None:
    """What ``--resize`` says: ``1024`` for the longer side, or ``800x600``. Raises UsageError."""
    if text is None:
        return None
    found = _BOX.fullmatch(text)
    width, height = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not width or not height:
        raise UsageError(f"--resize takes pixels, not {text!r}", hint="--resize 1024, or --resize 800x600")
    return Box(width, height)


@dataclass(frozen=True)
class Readying:
    """What is made of files before they are sent. ``made`` is told of each: what it was, and what goes."""

    scratch: Path
    box: Box | None
    progress: Progress
    made: Callable[[FileInput, FileInput], None]

    def inputs(self, inputs: Inputs) -> Inputs:
        """The same inputs with folders packed and pictures shrunk.

        Raises InvalidInput, with the input's name, for what cannot be.
        """
        done: dict[object, FileInput] = {}
        for number, file in enumerate(inputs.files):
            key = (file.path, file.archive)
            if key not in done:
                try:
                    done[key] = self._file(file, self.scratch / str(number))
                except InvalidInput as exc:
                    raise InvalidInput(f"{file.at[0]}: {exc.message}", hint=exc.hint) from exc
        ready = (replace(done[file.path, file.archive], at=file.at) for file in inputs.files)
        return replace(inputs, files=tuple(ready))

    def _file(self, file: FileInput, target: Path) -> FileInput:
        if file.archive:
            return self._told(file, self._packed(file, target))
        if self.box and (small := self._shrunk(file, self.box)):
            return self._told(file, replace(file, data=small, size=len(small), made=True))
        return file

    def _packed(self, file: FileInput, target: Path) -> FileInput:
        assert file.archive is not None

        def progress(done: int, total: int) -> None:
            self.progress(f"packing {file.name}", done / total)

        size = packing.pack(file.members, file.archive, target, LIMIT, progress)
        return replace(file, path=target, size=size, archive=None, made=True)

    def _shrunk(self, file: FileInput, box: Box) -> bytes | None:
        """None for what is small enough, no picture, or moves."""
        self.progress(f"shrinking {file.name}", None)
        try:
            return images.shrunk(file.content, box.width, box.height)
        except images.Unreadable as exc:
            raise InvalidInput(f"{file.written} cannot be made smaller: {exc}") from exc

    def _told(self, file: FileInput, ready: FileInput) -> FileInput:
        self.made(file, ready)
        return ready


def uploader(api: Replicate, uploads: Uploads | None, progress: Progress) -> Upload:
    """How large files go to a host: not at all if it has them. Raises RcliErrors."""

    def upload(content: Path | bytes, name: str, content_type: str) -> str:
        if uploads and (known := uploads.find(api, content, name, content_type)):
            return known

        def told(sent: int, total: int | None) -> None:
            progress(f"uploading {name}", sent / total if total else None)

        with _opened(content) as file:
            sent = api.upload_file(file, name, content_type, told)
        if uploads:
            uploads.remember(api, sent, name, content_type)
        return sent.url

    return upload


def _opened(content: Path | bytes) -> BinaryIO:
    if isinstance(content, bytes):
        return io.BytesIO(content)
    try:
        return content.open("rb")
    except OSError as exc:
        raise RcliError(f"cannot read {content}: {exc.strerror}") from exc
