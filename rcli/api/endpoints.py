"""Replicate's HTTP API: one method per endpoint, records as results. All raise the client's RcliErrors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeVar
from urllib.parse import quote, urlencode

from rcli.api.client import READ_TIMEOUT, Client
from rcli.api.multipart import FilePart
from rcli.errors import NoAnswer
from rcli.records import (
    NO_TERMS,
    Account,
    Collection,
    Deployment,
    File,
    Found,
    Hardware,
    Json,
    Model,
    Page,
    Prediction,
    Terms,
    Version,
    WebhookSecret,
)

T = TypeVar("T")


class Replicate:
    """The endpoints of one host. ``cursor`` is the address in ``Page.next``, None for the first page."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def account(self) -> Account:
        return Account.from_json(self.client.get("account"))

    def webhook_secret(self) -> WebhookSecret:
        """With which the service signs what it sends for this account."""
        return WebhookSecret.from_json(self.client.get("webhooks/default/secret"))

    def hardware(self) -> list[Hardware]:
        """What models can run on. Raises NoAnswer for what is no list."""
        found = self.client.get("hardware")
        if not isinstance(found, list):
            raise NoAnswer("the server's answer is no list of hardware")
        return [Hardware.from_json(each) for each in found]

    def search(self, words: str, limit: int) -> Found:
        """Models, collections and pages; ``limit``: how many models, 1 to 50."""
        query = urlencode({"query": words, "limit": limit})
        return Found.from_json(self.client.get(f"search?{query}"))

    def collections(self, cursor: str | None = None) -> Page[Collection]:
        return Page.from_json(self._page("collections", cursor), Collection.from_json)

    def collection(self, slug: str) -> Collection:
        return Collection.from_json(self.client.get(_path("collections", slug)))

    def models(self, cursor: str | None = None, *, sort: str = "", direction: str = "") -> Page[Model]:
        """``sort``: model_created_at or latest_version_created_at; ``direction``: asc or desc."""
        chosen = {"sort_by": sort, "sort_direction": direction}
        query = urlencode({name: value for name, value in chosen.items() if value})
        return Page.from_json(self._page(f"models?{query}" if query else "models", cursor), Model.from_json)

    def search_models(self, words: str, cursor: str | None = None) -> Page[Model]:
        """The service's own search, the best first."""
        headers = {"Content-Type": "text/plain"}
        path = self.client.own_url(cursor) if cursor else "models"
        found = self.client.call("QUERY", path, content=words.encode(), headers=headers)
        return Page.from_json(found, Model.from_json)

    def model(self, owner: str, name: str) -> Model:
        return Model.from_json(self.client.get(_path("models", owner, name)))

    def create_model(
        self, owner: str, name: str, visibility: str, hardware: str, about: Json | None = None
    ) -> Model:
        """``visibility`` is public or private, ``hardware`` the SKU that runs it; ``about``: further keys."""
        body = {"owner": owner, "name": name, "visibility": visibility, "hardware": hardware}
        return Model.from_json(self.client.post("models", body | (about or {})))

    def update_model(self, owner: str, name: str, changes: Json) -> Model:
        """``changes``: description, readme, and addresses such as github_url."""
        return Model.from_json(self.client.call("PATCH", _path("models", owner, name), json=changes))

    def delete_model(self, owner: str, name: str) -> None:
        self.client.call("DELETE", _path("models", owner, name))

    def readme(self, owner: str, name: str) -> str:
        """In Markdown."""
        return self.client.text(_path("models", owner, name, "readme"))

    def examples(self, owner: str, name: str, cursor: str | None = None) -> Page[Prediction]:
        found = self._page(_path("models", owner, name, "examples"), cursor)
        return Page.from_json(found, self._prediction)

    def versions(self, owner: str, name: str, cursor: str | None = None) -> Page[Version]:
        found = self._page(_path("models", owner, name, "versions"), cursor)
        return Page.from_json(found, Version.from_json)

    def version(self, owner: str, name: str, id: str) -> Version:
        return Version.from_json(self.client.get(_path("models", owner, name, "versions", id)))

    def delete_version(self, owner: str, name: str, id: str) -> None:
        """The service may take some minutes for it."""
        self.client.call("DELETE", _path("models", owner, name, "versions", id))

    def predictions(self, cursor: str | None = None) -> Page[Prediction]:
        return Page.from_json(self._page("predictions", cursor), self._prediction)

    def prediction(self, id: str) -> Prediction:
        return self._prediction(self.client.get(_path("predictions", id)))

    def create_prediction(
        self, version: str, input: Json, *, variables: str = "", terms: Terms = NO_TERMS
    ) -> Prediction:
        """``version``: an id, ``owner/name`` or ``owner/name:id``; ``variables``: a set the engine keeps."""
        headers = {"Rcli-Variables": variables} if variables else {}
        return self._created("predictions", {"version": version, "input": input}, terms, headers)

    def create_model_prediction(
        self, owner: str, name: str, input: Json, *, terms: Terms = NO_TERMS
    ) -> Prediction:
        """The route of official models."""
        return self._created(_path("models", owner, name, "predictions"), {"input": input}, terms, {})

    def create_deployment_prediction(
        self, owner: str, name: str, input: Json, *, terms: Terms = NO_TERMS
    ) -> Prediction:
        return self._created(_path("deployments", owner, name, "predictions"), {"input": input}, terms, {})

    def cancel_prediction(self, id: str) -> Prediction:
        path = _path("predictions", id, "cancel")
        return self._prediction(self.client.call("POST", path, repeatable=True))

    def trainings(self, cursor: str | None = None) -> Page[Prediction]:
        return Page.from_json(self._page("trainings", cursor), self._prediction)

    def training(self, id: str) -> Prediction:
        return self._prediction(self.client.get(_path("trainings", id)))

    def create_training(
        self,
        owner: str,
        name: str,
        version: str,
        destination: str,
        input: Json,
        *,
        terms: Terms = NO_TERMS,
    ) -> Prediction:
        """``version``: the id of what is trained; ``destination``: ``owner/name`` of what it becomes."""
        path = _path("models", owner, name, "versions", version, "trainings")
        return self._created(path, {"destination": destination, "input": input}, terms, {})

    def cancel_training(self, id: str) -> Prediction:
        path = _path("trainings", id, "cancel")
        return self._prediction(self.client.call("POST", path, repeatable=True))

    def deployments(self, cursor: str | None = None) -> Page[Deployment]:
        return Page.from_json(self._page("deployments", cursor), Deployment.from_json)

    def deployment(self, owner: str, name: str) -> Deployment:
        return Deployment.from_json(self.client.get(_path("deployments", owner, name)))

    def create_deployment(self, body: Json) -> Deployment:
        """``body``: name, model, version, hardware, min_instances, max_instances; the account owns it."""
        return Deployment.from_json(self.client.post("deployments", body))

    def update_deployment(self, owner: str, name: str, changes: Json) -> Deployment:
        """``changes``: version, hardware, min_instances, max_instances; they make a new release."""
        path = _path("deployments", owner, name)
        return Deployment.from_json(self.client.call("PATCH", path, json=changes))

    def delete_deployment(self, owner: str, name: str) -> None:
        self.client.call("DELETE", _path("deployments", owner, name))

    def files(self, cursor: str | None = None) -> Page[File]:
        return Page.from_json(self._page("files", cursor), File.from_json)

    def delete_file(self, id: str) -> None:
        self.client.call("DELETE", _path("files", id))

    def file(self, id: str) -> File:
        file = File.from_json(self.client.get(_path("files", id)))
        self.client.trust(file.url)
        return file

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

    def _created(self, path: str, body: Json, terms: Terms, headers: dict[str, str]) -> Prediction:
        """An answer that waits for the result may come that much later."""
        made = self.client.call(
            "POST",
            path,
            json=body | terms.body(),
            headers=headers | terms.headers(),
            timeout=READ_TIMEOUT + (terms.prefer_wait or 0),
        )
        return self._prediction(made)

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
