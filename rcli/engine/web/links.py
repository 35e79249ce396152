"""The addresses that the engine's answers carry, as the client of this request can reach them."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from rcli.engine.data.files import File, Files, plain, referenced, replace_texts
from rcli.engine.web.signatures import NEVER, Signer

INLINE_LIMIT = 256 * 1024
"""Bytes up to which a file is sent as a ``data:`` URI to a client that waits for its result."""


@dataclass(frozen=True)
class Links:
    """``base`` is scheme and host, without ``/v1``."""

    base: str
    signer: Signer
    files: Files

    def web(self, prediction_id: str, kind: str = "predictions") -> str:
        return f"{self.base}/{kind}/{prediction_id}"

    def get(self, prediction_id: str) -> str:
        return f"{self.base}/v1/predictions/{prediction_id}"

    def cancel(self, prediction_id: str) -> str:
        return f"{self.get(prediction_id)}/cancel"

    def training(self, training_id: str) -> str:
        return f"{self.base}/v1/trainings/{training_id}"

    def stream(self, prediction_id: str) -> str:
        """Signed: some clients open it without the token."""
        return f"{self.base}/v1/streams/{prediction_id}?{self.signer.query('stream', prediction_id)}"

    def model(self, owner: str, name: str) -> str:
        return f"{self.base}/v1/models/{owner}/{name}"

    def readme(self, owner: str, name: str) -> str:
        return f"{self.model(owner, name)}/readme"

    def upload(self, file: File) -> str:
        return f"{self.base}/v1/files/{file.id}"

    def delivery(self, file_id: str, name: str) -> str:
        return f"{self.base}/delivery/{file_id}/{quote(name)}?{self.signer.query('delivery', file_id)}"

    def weights(self, file: File) -> str:
        """For the version that is made of it: it works as long as the file is there."""
        query = self.signer.query("delivery", file.id, NEVER)
        return f"{self.base}/delivery/{file.id}/{quote(file.name)}?{query}"

    def shown(self, value: Any, *, inline: bool = False) -> Any:
        """A stored value with addresses (``inline``: data, if small) in place of file references."""
        return replace_texts(value, self._inlined if inline else self._addressed)

    def _addressed(self, text: str) -> str:
        file_id = referenced(text)
        return self.delivery(file_id, text.rpartition("/")[2]) if file_id else plain(text)

    def _inlined(self, text: str) -> str:
        file_id = referenced(text)
        file = self.files.get(file_id) if file_id else None
        if file is None or file.size > INLINE_LIMIT:
            return self._addressed(text)
        content = b64encode(self.files.content(file).read_bytes()).decode()
        return f"data:{file.content_type};base64,{content}"
