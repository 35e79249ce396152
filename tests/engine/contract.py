"""Every exchange of the engine's tests against the vendor's API document, which RCLI_CONTRACT names.

``python -m tests.engine.contract`` is the engine with this around it: an answer that the document does not
allow goes out as a 599 that says why, and into a report beside the engine's data.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema_rs
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rcli.engine.__main__ import main
from rcli.paths import Paths

Json = dict[str, Any]

REPORT = "contract.txt"
VIOLATED = 599

ERRORS = ("4XX", "5XX")
PROBLEM: Json = {
    "type": "object",
    "required": ["detail", "status"],
    "properties": {
        "title": {"type": "string"},
        "detail": {"type": "string"},
        "status": {"type": "integer"},
    },
}
NULLABLE = {
    "schemas_prediction_response": ("started_at", "completed_at", "logs", "deadline"),
    "schemas_training_response": ("started_at", "completed_at", "logs", "output"),
}
"""Null in recorded responses, though the document does not allow it."""

BESIDE = re.compile(r"/_rcli/.+|/streams/[^/]+|/delivery/[^/]+/[^/]+")
"""What the engine has beside the documented addresses."""

UNLISTED = {("get", "/files/{file_id}/download"): {"206", "304"}}
"""Statuses of HTTP itself, for ranges and validators, that the document leaves out."""

LENIENT = re.compile(r"(text/plain|multipart/form-data|application/x-www-form-urlencoded)\b")
"""Requests of these types are written by official clients in shapes that the document does not have."""


def corrected(document: Json) -> Json:
    """The document with the seven corrections that recorded responses ask for."""
    fixed = json.loads(json.dumps(document))
    schemas = fixed["components"]["schemas"]
    for name, keys in NULLABLE.items():
        for key in keys:
            if key in schemas[name]["properties"]:
                schemas[name]["properties"][key]["nullable"] = True
    version = schemas["schemas_prediction_response"]["properties"]["version"]
    del version["oneOf"]
    version["type"] = "string"
    for key in ("name", "etag"):
        schemas["schemas_file_response"]["properties"][key] = {"type": "string"}
    prefer = fixed["components"]["parameters"]["parameters_prefer_header"]["schema"]
    prefer["pattern"] = "^wait(=([1-9]|[1-5][0-9]|60))?$"
    form = fixed["paths"]["/files"]["post"]["requestBody"]["content"]["multipart/form-data"]
    form["encoding"] = {"metadata": {"contentType": "application/json"}}
    _add_problems(fixed)
    return dict(_with_null_types(fixed))


def _add_problems(document: Json) -> None:
    content = {"application/problem+json": {"schema": PROBLEM}}
    for _, _, operation in operations(document):
        for status in ERRORS:
            operation["responses"][status] = {"description": "Problem", "content": content}


def _with_null_types(value: Any) -> Any:
    """``nullable`` as JSON Schema writes it."""
    match value:
        case list():
            return [_with_null_types(item) for item in value]
        case dict():
            fixed = {key: _with_null_types(item) for key, item in value.items() if key != "nullable"}
            if value.get("nullable") is True and isinstance(fixed.get("type"), str):
                fixed["type"] = [fixed["type"], "null"]
            return fixed
        case _:
            return value


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """(method in small letters, path, operation) of all that it has."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


@dataclass
class Exchange:
    """One request and its answer; ``content`` is None where the answer was not kept."""

    method: str
    path: str
    query: str
    asked: Headers
    body: bytes = b""
    status: int = 0
    told: Headers = field(default_factory=Headers)
    content: bytes | None = None

    @property
    def media_type(self) -> str:
        return self.told.get("content-type", "").partition(";")[0].strip()


class Contract:
    """What the document says of exchanges."""

    def __init__(self, document: Json) -> None:
        self.document = corrected(document)
        self._patterns = [
            (re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), path) for path in self.document["paths"]
        ]
        self._valid = cache(self._validator)

    def violations(self, seen: Exchange) -> Iterator[str]:
        path = next((path for pattern, path in self._patterns if pattern.fullmatch(seen.path)), None)
        method = "get" if seen.method == "HEAD" else seen.method.lower()
        operation = self.document["paths"].get(path, {}).get(method)
        if seen.status == 405 or seen.method == "OPTIONS":
            yield from _allow(seen)
        if seen.status >= 400:
            yield from self._refusal(seen, operation)
        elif operation is not None:
            yield from self._answer(seen, operation, UNLISTED.get((method, path or ""), set()))
            yield from self._request(seen, operation)
        elif not BESIDE.fullmatch(seen.path) and seen.method != "OPTIONS":
            yield "the document does not have this operation"

    def _refusal(self, seen: Exchange, operation: Json | None) -> Iterator[str]:
        told = (operation or {}).get("responses", {}).get(str(seen.status), {})
        content = told.get("content") or {"application/problem+json": {"schema": PROBLEM}}
        yield from self._content(seen, content)

    def _answer(self, seen: Exchange, operation: Json, unlisted: set[str]) -> Iterator[str]:
        status = str(seen.status)
        if status in unlisted:
            return
        if status not in operation["responses"]:
            yield f"the document does not have the status {status} here"
        elif content := operation["responses"][status].get("content"):
            yield from self._content(seen, content)
        elif seen.content:
            yield f"the document has no body here, not {seen.content[:100]!r}"

    def _content(self, seen: Exchange, content: Json) -> Iterator[str]:
        if "application/octet-stream" in content:
            return
        if seen.media_type not in content:
            yield f"the document has {' or '.join(content)} here, not {seen.media_type!r}"
        elif seen.content and seen.media_type.endswith("json"):
            yield from self._errors(content[seen.media_type]["schema"], json.loads(seen.content))

    def _request(self, seen: Exchange, operation: Json) -> Iterator[str]:
        """What the engine has accepted must be what the document lets a client send."""
        query = dict(parse_qsl(seen.query, keep_blank_values=True))
        for parameter in operation.get("parameters", []):
            if parameter.get("in") == "query" and parameter["name"] in query:
                value = query[parameter["name"]]
                is_number = parameter["schema"]["type"] == "integer" and value.removeprefix("-").isdigit()
                yield from self._errors(parameter["schema"], int(value) if is_number else value)
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content and not LENIENT.match(seen.asked.get("content-type", "")):
            yield from self._errors(content["schema"], json.loads(seen.body or b"{}"))

    def _errors(self, schema: Json, value: Any) -> Iterator[str]:
        for error in self._valid(json.dumps(schema)).iter_errors(value):
            yield f"{'/'.join(map(str, error.instance_path)) or 'the whole'}: {error.message}"

    def _validator(self, schema: str) -> jsonschema_rs.Validator:
        whole = json.loads(schema) | {"components": self.document["components"]}
        return jsonschema_rs.validator_for(whole, validate_formats=True)


class Observed:
    """An ASGI app around the engine's; streams and files pass as they come."""

    def __init__(self, app: ASGIApp, contract: Contract, report: Path) -> None:
        self._app, self._contract, self._report = app, contract, report

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = re.sub(r"^(/v1){1,2}(?=/|$)", "", scope["path"]) or "/"
        seen = Exchange(scope["method"], path, scope["query_string"].decode(), Headers(scope=scope))
        held: list[Message] = []

        async def overhear() -> Message:
            message = await receive()
            if message["type"] == "http.request" and "json" in seen.asked.get("content-type", ""):
                seen.body += message.get("body", b"")
            return message

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status, seen.told = message["status"], Headers(raw=message["headers"])
                seen.content = b"" if _is_kept(seen) else None
            elif seen.content is not None:
                seen.content += message.get("body", b"")
            if seen.content is None:
                await send(message)
            else:
                held.append(message)

        await self._app(scope, overhear, hold)
        await self._finish(seen, held, scope, receive, send)

    async def _finish(
        self, seen: Exchange, held: list[Message], scope: Scope, receive: Receive, send: Send
    ) -> None:
        violations = list(self._contract.violations(seen))
        if violations:
            text = "\n".join([f"{seen.method} {seen.path}?{seen.query} {seen.status}", *violations, ""])
            with self._report.open("a", encoding="utf-8") as report:
                report.write(text)
            if seen.content is not None:
                await PlainTextResponse(text, VIOLATED)(scope, receive, send)
                return
        for message in held:
            await send(message)


def reported(home: Path) -> str:
    """What the engine with this home has done against the document."""
    file = Paths.from_environ({"RCLI_HOME": str(home)}).data / REPORT
    return file.read_text(encoding="utf-8") if file.exists() else ""


def _is_kept(seen: Exchange) -> bool:
    """Everything but what may have no end, or be large."""
    return not BESIDE.fullmatch(seen.path) and not seen.path.endswith("/download")


def _allow(seen: Exchange) -> Iterator[str]:
    if seen.status not in (401, 403, 404, 421) and not seen.told.get("allow"):
        yield "there is no Allow header"


def serve(environ: Mapping[str, str]) -> int:
    contract = Contract(json.loads(Path(environ["RCLI_CONTRACT"]).read_text(encoding="utf-8")))
    report = Paths.from_environ(environ).data / REPORT
    return main(around=lambda app: Observed(app, contract, report))


if __name__ == "__main__":
    sys.exit(serve(dict(os.environ)))
