"""From a finished prediction's output to text, JSON and files on the disk. A paid result is never dropped."""

from __future__ import annotations

import base64
import json
import os
import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any

from rcli.api.client import Client
from rcli.api.transfer import Downloaded, Job, Name, Progress, as_asked, download, download_all, safe_name
from rcli.api.transfer import NotSaved as NotSaved
from rcli.errors import NoAnswer, RcliError, UsageError
from rcli.paths import make_private_folder, replace_private
from rcli.records import Json, Prediction
from rcli.services.library.records import SavedFile
from rcli.services.results import formats, provenance
from rcli.services.results.naming import Names, free
from rcli.services.results.shapes import SIDECAR as SIDECAR
from rcli.services.results.shapes import PlannedFile
from rcli.services.results.shapes import Result as Result
from rcli.services.results.shapes import plan as plan

TEXT = "output.txt"
"""What a text is called in a managed folder."""

_DEEPEST = 100


@dataclass(frozen=True)
class Saved:
    """A file on the disk; ``size`` in bytes, ``url`` None for what was no file on the server."""

    path: Path
    size: int
    content_type: str
    url: str | None = field(repr=False)


def folder_name(prediction: Prediction) -> str:
    """The name of a prediction's managed folder: its id, made safe, since a server chose it."""
    return safe_name(prediction.id)


def check_target(path: Path) -> None:
    """Raises UsageError where ``-o`` cannot save: call it before anything is created on the server."""
    folder = path.parent
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", hint=f"mkdir -p {shlex.quote(str(folder))}")
    if path.is_dir():
        raise UsageError(f"{path} is a folder", hint="-o takes the name of a file, --output-dir a folder")
    try:
        if os.path.lexists(path):
            raise UsageError(f"{path} exists already", hint="choose another name: nothing is overwritten")
        path.with_name(f"{path.name}-99").lstat()  # a name that is too long, or none at all
    except FileNotFoundError:
        pass
    except OSError as exc:
        raise UsageError(f"cannot save {path}: {exc.strerror}", hint="choose another name") from exc
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as exc:
        raise UsageError(f"cannot save in {folder}: {exc.strerror}", hint="choose another folder") from exc


def save(
    client: Client,
    result: Result,
    folder: Path,
    *,
    target: Path | None = None,
    origin: Json | None = None,
    names: Names | None = None,
    embedded: Json | None = None,
    progress: Progress = lambda done, total: None,
) -> tuple[Saved, ...]:
    """Saves the files in a folder, or what there is, be it text, JSON or one file, as ``target``.

    ``origin`` is kept beside the files in the folder, which then is the user's alone. ``embedded`` is written
    into the files, or beside those that have no place for it if nothing else tells it. See ``provenance``.
    Raises RcliErrors, after everything that could be saved was saved: UsageError when there are several files
    for one target.
    """
    if target and len(result.files) <= 1:
        return _marked(client, _save_as(client, result, target, progress), embedded, beside=True)
    if not result.files:
        return ()
    is_managed = origin is not None
    with _folder(folder, private=is_managed):
        saved = _save_all(client, _jobs(result.files, folder, names, progress, private=is_managed))
    saved = _marked(client, saved, embedded, beside=not is_managed)
    if origin is not None:
        _tell(folder, origin, saved)
    if target:
        raise UsageError(
            f"the output is {len(saved)} files, not one for {target}", hint=f"they are in {folder}"
        )
    return saved


def keep_text(client: Client, result: Result, folder: Path, origin: Json) -> Saved | None:
    """Saves a text in its managed folder; None for what is none. Raises NotSaved."""
    if result.kind != "text" or not (content := _content(result)):
        return None
    with _folder(folder, private=True):
        file = download(client, content, folder / TEXT, lambda done, total: None, private=True)
    saved = Saved(file.path, file.size, file.content_type, None)
    _tell(folder, origin, (saved,))
    return saved


def kept(saved: Sequence[Saved]) -> tuple[SavedFile, ...]:
    """What the library remembers of saved files."""
    return tuple(SavedFile(str(each.path), each.size, each.content_type) for each in saved)


def localized(output: Any, saved: Sequence[Saved]) -> Any:
    """The output with the paths of the saved files in place of their URLs."""
    return _replaced(output, {each.url: str(each.path) for each in saved if each.url})


def _content(result: Result) -> str | None:
    """What goes to a single target, as an address; text and JSON as data, to be saved by the same rules."""
    if result.files:
        return result.files[0].url
    match result.kind:
        case "nothing":
            return None
        case "text":
            content_type, text = "text/plain", result.text or ""
        case _:
            content_type = "application/json"
            text = json.dumps(result.output, indent=2, ensure_ascii=False) + "\n"
    return _data_uri(content_type, text)


def _data_uri(content_type: str, text: str) -> str:
    return f"data:{content_type};base64,{base64.b64encode(text.encode(errors='replace')).decode()}"


def make_folder(folder: Path, *, private: bool) -> None:
    """Raises NotSaved."""
    try:
        make_private_folder(folder) if private else folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise NotSaved(
            f"cannot save in {folder}: {exc.strerror}", hint="--output-dir saves elsewhere"
        ) from exc


@contextmanager
def _folder(folder: Path, *, private: bool) -> Iterator[None]:
    """Makes a folder to save in; one in which nothing was saved is gone afterwards. Raises NotSaved."""
    is_new = not folder.exists()
    make_folder(folder, private=private)
    try:
        yield
    finally:
        if is_new:
            with suppress(OSError):  # it is not empty
                folder.rmdir()


def _jobs(
    files: Sequence[PlannedFile], folder: Path, names: Names | None, progress: Progress, *, private: bool
) -> list[Job]:
    total = _Total(progress, len(files))
    return [
        Job(file.url, folder / file.name, total.of(index), private, _name(file, index, names))
        for index, file in enumerate(files)
    ]


def _name(file: PlannedFile, index: int, names: Names | None) -> Name:
    """What a file is called when its content is there."""

    def name(target: Path, head: bytes, content_type: str) -> Path:
        _refuse_page(file, head, content_type)
        stem, suffix = os.path.splitext(file.name)
        extension = formats.extension(suffix, head, content_type)
        called = names.name(index, stem, extension) if names else stem + extension
        return target.with_name(free(called, {SIDECAR}))

    return name


def _refuse_page(file: PlannedFile, head: bytes, content_type: str) -> None:
    """Raises NoAnswer for a web page in place of a picture, a sound or a film: it tells of an error."""
    is_medium = content_type.startswith(("image/", "audio/", "video/")) and content_type != "image/svg+xml"
    if formats.is_page(head) and (is_medium or formats.wants_bytes(Path(file.name).suffix)):
        raise NoAnswer(f"the server sent a web page in place of {file.name}", hint="try again later")


def _save_as(client: Client, result: Result, target: Path, progress: Progress) -> tuple[Saved, ...]:
    """Text, JSON or the one file under the name that was asked for."""
    content = _content(result)
    if not content:
        return ()

    def checked(target: Path, head: bytes, content_type: str) -> Path:
        for file in result.files:
            _refuse_page(file, head, content_type)
        return as_asked(target, head, content_type)

    return (_saved(content, download(client, content, target, progress, name=checked)),)


def _save_all(client: Client, jobs: Sequence[Job]) -> tuple[Saved, ...]:
    """Raises the worst of what went wrong, when the others are saved."""
    results = download_all(client, jobs)
    failures = [result for result in results if isinstance(result, RcliError)]
    saved = tuple(
        _saved(job.url, result)
        for job, result in zip(jobs, results, strict=True)
        if isinstance(result, Downloaded)
    )
    if failures:
        worst = max(failures, key=lambda failure: failure.exit_code)
        if saved:
            worst.message += f" ({len(saved)} of {len(jobs)} files are in {jobs[0].target.parent})"
        raise worst
    return saved


def _marked(
    client: Client, saved: tuple[Saved, ...], origin: Json | None, *, beside: bool
) -> tuple[Saved, ...]:
    """The same files, with their origin in them; or ``beside`` them, if they have no place for it."""
    return tuple(_mark(client, each, origin, beside) for each in saved) if origin else saved


def _mark(client: Client, saved: Saved, origin: Json, beside: bool) -> Saved:
    try:
        if provenance.embed(saved.path, origin):
            return replace(saved, size=saved.path.stat().st_size)
    except OSError as exc:
        raise NotSaved(f"cannot write into {saved.path} where it came from: {exc.strerror}") from exc
    if beside:
        told = _data_uri(
            "application/json", json.dumps(provenance.public(origin), indent=2, ensure_ascii=False) + "\n"
        )
        place = saved.path.with_name(f"{saved.path.name}.json")
        download(client, told, place, lambda done, total: None)
    return saved


def _tell(folder: Path, origin: Json, saved: Sequence[Saved]) -> None:
    """Writes into a managed folder where its files came from."""
    written = json.dumps(origin | {"files": [_row(each) for each in saved]}, indent=2, ensure_ascii=False)
    replace_private(folder / SIDECAR, written + "\n")


class _Total:
    """Adds up the bytes of several downloads; how many there will be is known when all have said it."""

    def __init__(self, progress: Progress, number: int) -> None:
        self._progress = progress
        self._parts: list[tuple[int, int | None]] = [(0, None)] * number
        self._done, self._all, self._silent = 0, 0, number
        self._lock = Lock()

    def of(self, index: int) -> Progress:
        def tell(done: int, total: int | None) -> None:
            with self._lock:
                self._count(index, done, total)
                self._progress(self._done, None if self._silent else self._all)

        return tell

    def _count(self, index: int, done: int, total: int | None) -> None:
        """By differences: it is told thousands of times a second."""
        before, said = self._parts[index]
        self._parts[index] = (done, total)
        self._done += done - before
        self._all += (total or 0) - (said or 0)
        self._silent += (total is None) - (said is None)


def _saved(url: str, file: Downloaded) -> Saved:
    return Saved(file.path, file.size, file.content_type, url)


def _row(saved: Saved) -> Json:
    return {"name": saved.path.name, "size": saved.size, "content_type": saved.content_type}


def _replaced(value: Any, paths: Mapping[str, str], depth: int = 0) -> Any:
    match value:
        case str():
            return paths.get(value, value)
        case list() if depth < _DEEPEST:
            return [_replaced(item, paths, depth + 1) for item in value]
        case dict() if depth < _DEEPEST:
            return {key: _replaced(inner, paths, depth + 1) for key, inner in value.items()}
    return value
