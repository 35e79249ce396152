"""Any request to a host's API: made from words, followed over pages, written as a curl command."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from rcli.api import client as api
from rcli.api.client import READ_TIMEOUT, Client
from rcli.errors import UsageError
from rcli.services.request import fields
from rcli.services.request.fields import Field
from rcli.settings import REPLICATE, Host

Answer = api.Answer

_IN_THE_ADDRESS = frozenset({"GET", "HEAD"})
_LONGEST_WAIT = 60.0
"""Seconds for which a service holds an answer back when it is asked to (``Prefer: wait``)."""


@dataclass(frozen=True)
class Call:
    """One request. ``path`` is below the base URL, or a whole address; ``file``: where the body is from."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = field(default=None, repr=False)
    file: str | None = None


def call(
    path: str,
    method: str | None,
    headers: Mapping[str, str],
    given: Sequence[Field],
    content: bytes | None,
    file: str | None,
) -> Call:
    """Fields go into the address of a read, and of what has a body already; else they are the JSON body.

    Raises UsageError.
    """
    method = (method or ("POST" if given or content is not None else "GET")).upper()
    if not method.isascii() or not method.isalpha():
        raise UsageError(f"{method!r} is no method", hint="-X GET, POST, PATCH, PUT, DELETE or QUERY")
    if given and (content is not None or method in _IN_THE_ADDRESS):
        path += ("&" if "?" in path else "?") + urlencode([(each.key, each.text) for each in given])
    elif given:
        content = json.dumps(fields.body(given), ensure_ascii=False).encode()
    typed = any(name.lower() == "content-type" for name in headers)
    if content is not None and not typed:
        headers = {**headers, "Content-Type": "application/json"}
    return Call(method, _below(path), headers, content, file)


def headers_of(words: Sequence[str]) -> dict[str, str]:
    """What ``-H 'Name: value'`` says. Raises UsageError."""
    found = {}
    for word in words:
        name, colon, value = word.partition(":")
        if not colon or not name.strip() or not word.isprintable() or not word.isascii():
            raise UsageError(f"{word!r} is no header", hint="-H 'Accept: text/event-stream'")
        found[name.strip()] = value.strip()
    return found


def pages(client: Client, first: Call) -> Iterator[Answer]:
    """The answer, read, and those of the pages that follow it. Raises RcliErrors.

    It ends where a server goes in circles, and goes to no other host.
    """
    seen: set[str] = set()
    address: str | None = first.path
    while address is not None and address not in seen:
        seen.add(address)
        with opened(client, replace(first, path=address)) as answer:
            answer.read()
        yield answer
        following = _next(client.parsed(answer))
        address = client.own_url(following) if following else None


def opened(client: Client, call: Call) -> api.Opened:
    """The answer while it comes, whatever its status. Raises RcliErrors, in the block too."""
    return client.exchange(
        call.method,
        call.path,
        content=call.content,
        headers=call.headers,
        timeout=READ_TIMEOUT + _LONGEST_WAIT,
    )


def curl(call: Call, host: Host) -> str:
    """The command that sends the same. The token is named, not written."""
    own = call.path if call.path.startswith(("http://", "https://")) else f"{host.url}/{call.path}"
    token = "$REPLICATE_API_TOKEN" if host.name == REPLICATE else f"$(rcli auth token --host {host.name})"
    words = ["curl", "--silent", "--show-error", "--fail-with-body", "--no-buffer"]
    if set(own) & set("[]{}"):
        words.append("--globoff")
    if call.method == "HEAD":
        words.append("--head")
    elif call.method != ("GET" if call.content is None else "POST"):
        words += ["--request", call.method]
    parts = [shlex.join(words)]
    if own.startswith(f"{host.url}/"):
        parts.append(f'--header "Authorization: Bearer {token}"')
    others = {name: value for name, value in call.headers.items() if name.lower() != "authorization"}
    parts += [f"--header {shlex.quote(f'{name}: {value}')}" for name, value in others.items()]
    if call.file is not None:
        parts.append(f"--data-binary {shlex.quote(f'@{call.file}')}")
    elif call.content is not None:
        parts.append(f"--data-binary {shlex.quote(call.content.decode())}")
    return " ".join([*parts, shlex.quote(own)])


def _below(path: str) -> str:
    """Documents write addresses with the version before them, which the base URL has already."""
    if path.startswith(("http://", "https://")):
        return path
    below = path.lstrip("/").removeprefix("v1/")
    if not below or not below.isprintable():
        raise UsageError(f"{path!r} is no path of the API", hint="rcli api models")
    return below


def _next(page: object) -> str | None:
    following = page.get("next") if isinstance(page, dict) else None
    return following if isinstance(following, str) and following and following != "null" else None
