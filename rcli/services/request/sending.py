"""A command's files on their way to a host: shrunk or packed first, then sent, the same bytes once.

What is made of them lies in a scratch folder; the user's own files are only read.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from rcli import images
from rcli.api.endpoints import Replicate
from rcli.errors import InvalidInput, RcliError, UsageError
from rcli.services.request import packing
from rcli.services.request.inputs import Inputs, Upload
from rcli.services.request.packing import Member, is_picture
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


def kind(text: str | None) -> str | None:
    """The format that ``--convert`` names, a key of ``images.KINDS``. Raises UsageError."""
    if text is None:
        return None
    name = {"JPG": "JPEG"}.get(text.upper().lstrip("."), text.upper().lstrip("."))
    if name not in images.KINDS:
        raise UsageError(f"--convert takes jpg, png or webp, not {text!r}", hint="--convert jpg")
    return name


@dataclass(frozen=True)
class Readying:
    """What is made of files before they are sent. ``made`` is told of each: what it was, and what goes.

    Pictures are brought within ``box`` and into the format ``kind``, those in folders too.
    """

    scratch: Path
    box: Box | None
    progress: Progress
    made: Callable[[FileInput, FileInput], None]
    kind: str | None = None

    def inputs(self, inputs: Inputs) -> Inputs:
        """The same inputs with folders packed and pictures shrunk.

        Raises InvalidInput, with the input's name, for what cannot be.
        """
        done: dict[object, FileInput] = {}
        for number, file in enumerate(inputs.files):
            key = (file.written, file.archive)
            if key not in done:
                try:
                    done[key] = self._file(file, self.scratch / str(number))
                except InvalidInput as exc:
                    raise InvalidInput(f"{file.at[0]}: {exc.message}", hint=exc.hint) from exc
        ready = (replace(done[file.written, file.archive], at=file.at) for file in inputs.files)
        return replace(inputs, files=tuple(ready))

    def _file(self, file: FileInput, target: Path) -> FileInput:
        if file.archive:
            return self._told(file, self._packed(file, target))
        if (self.box or self.kind) and (made := self._remade(file.written, file.content)) is not None:
            name, type_ = self._named(file.name, file.content_type)
            ready = replace(file, data=made, size=len(made), name=name, content_type=type_, made=True)
            return self._told(file, ready)
        return file

    def _packed(self, file: FileInput, target: Path) -> FileInput:
        assert file.archive is not None

        def progress(done: int, total: int) -> None:
            self.progress(f"packing {file.name}", done / total)

        found = self._fitted(file.members, target) if self.box or self.kind else file.members
        size = packing.pack(found, file.archive, target, LIMIT, progress)
        return replace(file, path=target, size=size, archive=None, made=True)

    def _fitted(self, found: Sequence[Member], target: Path) -> Sequence[Member]:
        """The pictures among them as they are wanted, in files beside the archive that is to be."""
        ready = []
        for number, member in enumerate(found):
            made = self._remade(str(member.path), member.path) if is_picture(member.path) else None
            if made is None:
                ready.append(member)
                continue
            place = target.with_name(f"{target.name}-{number}{member.path.suffix}")
            place.write_bytes(made)
            ready.append(Member(self._named(member.name)[0], place, len(made)))
        packing.check_names(ready)
        return sorted(ready, key=lambda member: member.name)

    def _named(self, name: str, content_type: str = "") -> tuple[str, str]:
        """Its name and type in the format that it has now."""
        if self.kind is None:
            return name, content_type
        return str(PurePosixPath(name).with_suffix(images.KINDS[self.kind])), f"image/{self.kind.lower()}"

    def _remade(self, shown: str, content: Path | bytes) -> bytes | None:
        """None for what is as wanted, no picture, or moves."""
        self.progress(f"converting {shown}" if self.kind else f"shrinking {shown}", None)
        try:
            box = (self.box.width, self.box.height) if self.box else None
            return images.remade(content, box, self.kind)
        except images.Unreadable as exc:
            doing = "converted" if self.kind else "made smaller"
            raise InvalidInput(f"{shown} cannot be {doing}: {exc}") from exc

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
