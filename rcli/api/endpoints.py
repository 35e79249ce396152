"""Replicate's HTTP API: one method per endpoint, records as results. All raise the client's RcliErrors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeVar
from urllib.parse import quote

from rcli.api.client import Client
from rcli.api.multipart import FilePart
from rcli.records import Account, File, Json, Model, Page, Prediction, Version

T = TypeVar("T")


class Replicate:
    """The endpoints of one host. ``cursor`` is the address in ``Page.next``, None for the first page."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def account(self) -> Account:
        return Account.from_json(self.client.get("account"))

    def models(self, cursor: str | None = None) -> Page[Model]:
        return Page.from_json(self._page("models", cursor), Model.from_json)

    def model(self, owner: str, name: str) -> Model:
        return Model.from_json(self.client.get(_path("models", owner, name)))

    def versions(self, owner: str, name: str, cursor: str | None = None) -> Page[Version]:
        found = self._page(_path("models", owner, name, "versions"), cursor)
        return Page.from_json(found, Version.from_json)

    def version(self, owner: str, name: str, id: str) -> Version:
        return Version.from_json(self.client.get(_path("models", owner, name, "versions", id)))

    def predictions(self, cursor: str | None = None) -> Page[Prediction]:
        return Page.from_json(self._page("predictions", cursor), self._prediction)

    def prediction(self, id: str) -> Prediction:
        return self._prediction(self.client.get(_path("predictions", id)))

    def create_prediction(self, version: str, input: Json, *, variables: str = "") -> Prediction:
        """``version``: an id, ``owner/name`` or ``owner/name:id``; ``variables``: a set the engine keeps."""
        body = {"version": version, "input": input}
        headers = {"Rcli-Variables": variables} if variables else {}
        return self._prediction(self.client.call("POST", "predictions", json=body, headers=headers))

    def create_model_prediction(self, owner: str, name: str, input: Json) -> Prediction:
        """The route of official models."""
        path = _path("models", owner, name, "predictions")
        return self._prediction(self.client.post(path, {"input": input}))

    def create_deployment_prediction(self, owner: str, name: str, input: Json) -> Prediction:
        path = _path("deployments", owner, name, "predictions")
        return self._prediction(self.client.post(path, {"input": input}))

    def cancel_prediction(self, id: str) -> Prediction:
        path = _path("predictions", id, "cancel")
        return self._prediction(self.client.call("POST", path, repeatable=True))

    def deployment(self, owner: str, name: str) -> object:
        """As the server sends it: rcli reads no more of it than its current release."""
        return self.client.get(_path("deployments", owner, name))

    def upload_file(
        self,
        content: BinaryIO,
        filename: str,
        content_type: str,
        progress: Callable[[int, int | None], None],
    ) -> File:
        """Streams a file that can be sought; ``progress`` gets bytes sent and bytes in all."""
        form = FilePart(content, filename, content_type, progress)
        file = File.from_json(self.client.call("POST", "files", content=form, headers=form.headers))
        self.client.trust(file.url)
        return file

    def _page(self, path: str, cursor: str | None) -> object:
        return self.client.get(self.client.own_url(cursor) if cursor else path)

    def _prediction(self, raw: object) -> Prediction:
        prediction = Prediction.from_json(raw)
        if stream := prediction.urls.get("stream"):
            self.client.trust(stream)
        return prediction


def pages(fetch: Callable[[str | None], Page[T]]) -> Iterator[Page[T]]:
    """All pages of a list, such as ``pages(replicate.predictions)``; ends where a server goes in circles."""
    seen: set[str | None] = set()
    cursor: str | None = None
    while cursor not in seen:
        seen.add(cursor)
        page = fetch(cursor)
        yield page
        if page.next is None:
            return
        cursor = page.next


def _path(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)
