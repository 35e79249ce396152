"""A model's inputs: checked by its schema before anything is spent, files taken in, secrets hidden."""

from __future__ import annotations

import asyncio
import binascii
import re
from base64 import b64decode
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, unquote_to_bytes, urlsplit

from rcli.engine.data.files import (
    File,
    Files,
    copy_file,
    literal,
    plain,
    referenced,
    replace_texts,
    safe_name,
)
from rcli.engine.data.predictions import Work
from rcli.engine.problems import InvalidField, Problem, invalid_request, keeping, no_room

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

_COMPONENTS: dict[Work, tuple[str, str]] = {
    "prediction": ("Input", "run"),
    "training": ("TrainingInput", "train"),
}
"""Where the document has a function's inputs, and where cog.yaml names it."""

HIDDEN = "**********"
"""What is stored and shown in place of a secret."""

LONGEST_MESSAGE = 400
"""Characters of what is said about one field."""

_OWN_PATH = re.compile(r"/(?:(?:v1/){0,2}files/([a-z2-7]{26})(?:/download)?|delivery/([a-z2-7]{26})/[^/]*)")

_TYPES = {
    "required": "required",
    "additionalProperties": "additional_property_not_allowed",
    "type": "invalid_type",
    "enum": "enum",
    "minimum": "number_gte",
    "maximum": "number_lte",
    "minLength": "string_gte",
    "maxLength": "string_lte",
    "pattern": "pattern",
    "anyOf": "number_any_of",
}
"""The rules' names in Replicate's ``invalid_fields``, by the keyword of the schema."""


@dataclass(frozen=True)
class Given:
    """Inputs that passed, with references for files: ``stored`` hides secrets, ``model`` is what runs."""

    stored: dict[str, Any]
    model: dict[str, Any]


class InputSchema:
    """The Input part of a version's document, or its TrainingInput, ready to check with."""

    def __init__(self, document: dict[str, Any], kind: Work = "prediction") -> None:
        """Raises Problem 422 when the project has no function for this kind of work."""
        import jsonschema_rs

        schemas = document["components"]["schemas"]
        component, key = _COMPONENTS[kind]
        if component not in schemas:
            raise Problem(422, f"This version makes no {kind}s: its cog.yaml has no {key}")
        self._properties: dict[str, Any] = schemas[component].get("properties", {})
        named = {name: _as_json_schema(schema) for name, schema in schemas.items()}
        root = named[component] | {"additionalProperties": False, "components": {"schemas": named}}
        self._validator: Validator = jsonschema_rs.validator_for(root)
        self.files = [name for name, rule in self._properties.items() if _has(rule, "format", "uri")]
        self.secrets = {name for name, rule in self._properties.items() if _has(rule, "x-cog-secret", True)}

    def check(self, given: dict[str, Any]) -> None:
        """Raises Problem 422 that names every field that breaks a rule."""
        fields = [field for error in self._validator.iter_errors(given) for field in self._explain(error)]
        if fields:
            raise invalid_request(fields)

    def _explain(self, error: ValidationError) -> Iterator[InvalidField]:
        keyword = error.kind.name
        rule = _TYPES.get(keyword, keyword)
        where = ".".join(["input", *map(str, error.instance_path)])
        if keyword == "required":
            yield InvalidField(rule, where, f"{error.kind.value} is required")
        elif keyword == "additionalProperties":
            for name in error.kind.as_dict()["unexpected"]:
                yield InvalidField(rule, where, f"Additional property {name} is not allowed")
        elif self.secrets.intersection(map(str, error.instance_path[:1])):
            yield InvalidField(rule, where, "this secret does not fit the schema")
        else:
            yield InvalidField(rule, where, _brief(error.message))


class Inputs:
    """Takes in what clients send, and lays it out for the model."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def accept(self, schema: InputSchema, given: dict[str, Any], host: str) -> Given:
        """``host`` is the Host header of the request.

        Raises Problem 422 for what the model cannot take, and 507 for files that the disk has no room for.
        """
        schema.check(given)
        values = dict(given)
        for name in schema.files:
            if name in values:
                values[name] = await _each(values[name], partial(self._file, name=name, host=host))
        stored = {name: _stored(schema, name, value) for name, value in values.items()}
        return Given(stored, {name: value for name, value in values.items() if value is not None})

    async def lay(self, schema: InputSchema, values: dict[str, Any], folder: Path) -> dict[str, Any]:
        """Copies every referenced file below ``folder`` and puts its ``file:`` address in its place.

        Raises OSError when the disk is full, and Problem 422 for a file that is gone by now.
        """
        laid = {name: _given(schema, name, value) for name, value in values.items()}
        for name in schema.files:
            if name in laid:
                laid[name] = await _each(laid[name], partial(self._lay, name=name, folder=folder))
        return laid

    async def _file(self, text: str, name: str, host: str) -> str:
        if text[:5].lower() == "data:":
            return (await self._take_in(text, name)).reference
        parts = _web_address(text)
        if parts is None:
            raise _bad_file(name, "must be an http, https or data URL")
        found = _OWN_PATH.fullmatch(parts.path)
        if not found or not (parts.netloc == host or is_loopback(parts.hostname)):
            return text
        file = self._files.get(found.group(1) or found.group(2))
        if file is None:
            if parts.netloc != host:
                return text
            raise _bad_file(name, "this file does not exist, or it has expired")
        self._check_room(file.size)
        self._files.touch(file)
        return file.reference

    async def _take_in(self, text: str, name: str) -> File:
        header, comma, body = text[len("data:") :].partition(",")
        media_type, *options = header.split(";")
        is_base64 = any(option.strip().lower() == "base64" for option in options)
        if not comma:
            raise _bad_file(name, "is no valid data URL")
        content_type = media_type or "text/plain"
        file_name = _given_name(options) or name + _extension(content_type)
        self._check_room(len(body))
        with keeping(), self._files.arriving() as part:
            try:
                await asyncio.to_thread(_unpack, body, is_base64, part)
            except binascii.Error as exc:
                raise _bad_file(name, "is no valid data URL") from exc
            return await self._files.adopt(part, kind="input", name=file_name, content_type=content_type)

    def _check_room(self, size: int) -> None:
        """Raises Problem 507 when a file of so many bytes would take the disk's last room."""
        if not self._files.has_room(size):
            raise no_room("The engine's disk has too little room for this prediction's files")

    async def _lay(self, text: str, name: str, folder: Path) -> str:
        file_id = referenced(text)
        if file_id is None:
            return text
        file = self._files.find(file_id)
        if file is None:
            raise _bad_file(name, "this file was deleted before the prediction ran")
        place = folder / file.id / safe_name(file.name)
        await asyncio.to_thread(_place, self._files.content(file), place)
        return place.as_uri()


def _brief(message: str) -> str:
    """A validator's words begin with the value, which may be large; the rule stands at their end."""
    return message if len(message) <= LONGEST_MESSAGE else f"{message[:100]}…{message[-200:]}"


def _stored(schema: InputSchema, name: str, value: Any) -> Any:
    if name in schema.secrets:
        return HIDDEN
    return value if name in schema.files else replace_texts(value, literal)


def _given(schema: InputSchema, name: str, value: Any) -> Any:
    """What ``_stored`` was given; secrets are not stored."""
    return value if name in schema.secrets or name in schema.files else replace_texts(value, plain)


def _unpack(body: str, is_base64: bool, part: Path) -> None:
    """Writes what a data URL holds. Raises binascii.Error, OSError."""
    content = unquote_to_bytes(body)
    part.write_bytes(b64decode(content, validate=True) if is_base64 else content)


def _place(content: Path, place: Path) -> None:
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        copy_file(content, place)


async def _each(value: Any, change: Callable[[str], Awaitable[str]]) -> Any:
    match value:
        case str():
            return await change(value)
        case list():
            return [await _each(item, change) for item in value]
        case _:
            return value


def _bad_file(name: str, description: str) -> Exception:
    return invalid_request([InvalidField("format", f"input.{name}", description)])


def _given_name(options: list[str]) -> str:
    """The file's own name, which rcli writes into a data URL as ``;name=`` and percent-encoded."""
    return next((unquote(option[5:]) for option in options if option.startswith("name=")), "")


def _extension(media_type: str) -> str:
    import mimetypes

    return mimetypes.guess_extension(media_type) or ""


def _web_address(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        return parts if parts.scheme in ("http", "https") and parts.hostname else None
    except ValueError:
        return None


def is_loopback(hostname: str | None) -> bool:
    if hostname == "localhost":
        return True
    try:
        return ip_address(hostname or "").is_loopback
    except ValueError:
        return False


def _has(rule: dict[str, Any], key: str, value: object) -> bool:
    return rule.get(key) == value or rule.get("items", {}).get(key) == value


def _as_json_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """OpenAPI 3.0 as JSON Schema: ``nullable`` becomes a type, patterns that only Python knows go."""
    plain = {key: _converted(key, value) for key, value in schema.items() if key != "nullable"}
    if isinstance(plain.get("pattern"), str) and not _is_portable(plain["pattern"]):
        del plain["pattern"]
    if schema.get("nullable") is not True:
        return plain
    if isinstance(plain.get("type"), str) and "enum" not in plain:
        return plain | {"type": [plain["type"], "null"]}
    return {"anyOf": [plain, {"type": "null"}]}


def _converted(key: str, value: Any) -> Any:
    match key, value:
        case "properties", dict():
            return {name: _as_json_schema(inner) for name, inner in value.items()}
        case (("items" | "additionalProperties"), dict()):
            return _as_json_schema(value)
        case (("allOf" | "anyOf" | "oneOf"), list()):
            return [_as_json_schema(inner) for inner in value]
        case _:
            return value


def _is_portable(pattern: str) -> bool:
    import jsonschema_rs

    try:
        jsonschema_rs.validator_for({"pattern": pattern})
    except jsonschema_rs.ValidationError:
        return False
    return True
