"""Programs for a shell with curl; jq where an answer has to be read, or a text quoted."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from rcli.api import rehearsal
from rcli.services.models import catalog
from rcli.services.programs.call import Call, Code, path_of, quoted, rendered
from rcli.services.request.inputs import LARGEST_DATA_URI
from rcli.services.request.sources import FileInput

_AUTHORIZED = '--header "Authorization: Bearer $REPLICATE_API_TOKEN"'
_CURL = "curl --silent --show-error --fail-with-body"
_LONGEST_WAIT = "longer than a minute: ask again at .urls.get of the answer"


def file(found: FileInput, number: int) -> str:
    return f'"$file_{number}"'


def secret(name: str) -> str:
    return f'$(printf %s "${name}" | jq -Rs .)'


def program(call: Call) -> str:
    request = rehearsal.request(call.host, lambda nobody: catalog.create(nobody, call.target, {}, call.terms))
    headers = {"Content-Type": "application/json", "Prefer": "wait", **_capitalized(request.headers)}
    body = request.body | {"input": call.input}
    lines = [
        "#!/bin/sh",
        *call.preparations("#", *(["needs jq"] if _needs_jq(call) else [])),
        f"# {_LONGEST_WAIT}",
        "set -eu",
        "",
        *(line for number, each in enumerate(call.files, 1) for line in _sent(call, each, number)),
        f"{_CURL} {_AUTHORIZED} \\",
        *(f"  --header {_quoted_header(name, value)} \\" for name, value in headers.items()),
        f'  --data-binary @- "{_address(call, request.url)}" <<JSON',
        rendered(body, _scalar, 0, trailing=""),
        "JSON",
    ]
    return "\n".join(lines) + "\n"


def _sent(call: Call, found: FileInput, number: int) -> list[str]:
    """Lines that put an address for a file into a variable: its content, or where it was uploaded."""
    path = shlex.quote(path_of(found))
    if found.size <= LARGEST_DATA_URI:
        lead = f"data:{found.content_type};base64,"
        return [f"file_{number}={shlex.quote(lead)}$(base64 < {path} | tr -d '\\n')"]
    name = found.name.replace("\\", "\\\\").replace('"', '\\"')
    form = shlex.quote(f'content=@-;filename="{name}";type={found.content_type}')
    address = _address(call, f"{call.host.url}/files")
    return [f'file_{number}=$({_CURL} {_AUTHORIZED} --form {form} "{address}" < {path} | jq -r .urls.get)']


def _needs_jq(call: Call) -> bool:
    return bool(call.needed) or any(each.size > LARGEST_DATA_URI for each in call.files)


def _address(call: Call, url: str) -> str:
    return url if call.is_replicate else "$REPLICATE_BASE_URL" + url.removeprefix(call.root)


def _capitalized(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.title(): value for name, value in headers.items()}


def _quoted_header(name: str, value: str) -> str:
    return shlex.quote(f"{name}: {value}")


def _scalar(value: Any) -> str:
    """JSON in a here-document, in which the shell would replace what has a meaning to it."""
    if isinstance(value, Code):
        return str(value)
    written = quoted(value, _escaped) if isinstance(value, str) else json.dumps(value)
    return "".join(f"\\{char}" if char in "\\$`" else char for char in written)


def _escaped(code: int) -> str:
    return json.dumps(chr(code))[1:-1]
