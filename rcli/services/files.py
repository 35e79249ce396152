"""Files on a host: which one a user means, and how its content comes and goes."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from rcli.api import transfer
from rcli.api.endpoints import Replicate, pages
from rcli.api.transfer import Downloaded
from rcli.errors import NotAllowed, NotFound, RcliError, UsageError
from rcli.records import File
from rcli.services.request.sources import FileInput
from rcli.settings import LOCAL

Progress = transfer.Progress


def find(api: Replicate, id: str) -> File:
    """A file by its id, or the beginning of one. Raises NotFound, UsageError when several ids begin so."""
    try:
        return api.file(id)
    except NotFound as exc:
        found = [file for page in pages(api.files) for file in page.results if file.id.startswith(id)]
        if len(found) > 1:
            ids = "\n".join(f"  {file.id}" for file in found)
            raise UsageError(f"several files begin with {id}:\n{ids}") from exc
        if not found:
            host = api.client.host.name
            hint = f"rcli files list --host {host}"
            raise NotFound(f"there is no file {id} on {host}, or it has expired", hint=hint) from exc
        return found[0]


def upload(api: Replicate, file: FileInput, progress: Progress) -> File:
    """Sends a file in flat memory. Raises RcliErrors."""
    assert file.path is not None
    try:
        with file.path.open("rb") as content:
            return api.upload_file(content, file.name, file.content_type, progress)
    except OSError as exc:
        raise RcliError(f"cannot read {file.path}: {exc.strerror}") from exc


def save(api: Replicate, named: File | str, target: Path, progress: Progress) -> Downloaded:
    """Saves a file, or what is at a signed address of one, as ``target``. Raises RcliErrors."""
    if isinstance(named, str):
        return transfer.download(api.client, named, target, progress)
    try:
        return transfer.download(api.client, api.client.url(f"files/{named.id}/download"), target, progress)
    except RcliError as exc:
        refused = isinstance(exc, NotAllowed | NotFound | UsageError)
        if api.client.host.name != LOCAL and refused:
            raise NotAllowed(
                f"the service gives the content of {named.id} to signed addresses alone: {exc.message}",
                hint="rcli files download 'https://…/download?owner=…&expiry=…&signature=…'",
            ) from exc
        raise


def name_of(named: File | str) -> str:
    """A safe name to save under: the file's own, or what its address has for one."""
    if isinstance(named, File):
        return transfer.safe_name(str(named.raw.get("name") or named.id))
    parts = [part for part in urlsplit(named).path.split("/") if part]
    return transfer.safe_name(parts[-2] if parts[-1:] == ["download"] and len(parts) > 1 else named)
