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
_EVENTS = r"""
    foreach ((inputs | rtrimstr("\r")), null) as $line ({};
        .text = null
        | if $line == null then
            if .kind == "done" then . else "the stream broke off\n" | halt_error(1) end
          elif $line | startswith("event:") then {kind: ($line[6:] | ltrimstr(" "))}
          elif $line | startswith("data:") then
            ($line[5:] | ltrimstr(" ")) as $data
            | if .kind == "output" then .text = (if .goes_on then "\n" else "" end) + $data | .goes_on = true
              elif .kind == "error" or (.kind == "done" and ($data | contains("\"reason\""))) then
                $data + "\n" | halt_error(1)
              else . end
          else . end;
        .text // empty)
"""


def file(found: FileInput, number: int) -> str:
    return f'"$file_{number}"'


def secret(name: str) -> str:
    return f'$(printf %s "${name}" | jq -Rs .)'


def program(call: Call) -> str:
    request = rehearsal.request(call.host, lambda nobody: catalog.create(nobody, call.target, {}, call.terms))
    streamed = call.streams and call.shape == "stream"
    waits = {} if streamed else {"Prefer": "wait"}
    headers = {"Content-Type": "application/json", **waits, **_capitalized(request.headers)}
    body = request.body | {"input": call.input}
    lines = [
        "#!/bin/sh",
        *call.preparations("#", *(["needs jq"] if streamed or _needs_jq(call) else [])),
        *([] if streamed else [f"# {_LONGEST_WAIT}"]),
        "set -eu",
        "",
        *(line for number, each in enumerate(call.files, 1) for line in _sent(call, each, number)),
        f"{_CURL} {_AUTHORIZED} \\",
        *(f"  --header {_quoted_header(name, value)} \\" for name, value in headers.items()),
        f'  --data-binary @- "{_address(call, request.url)}" <<JSON{" |" if streamed else ""}',
        rendered(body, _scalar, 0, trailing=""),
        "JSON",
        *(_followed() if streamed else []),
    ]
    return "\n".join(lines) + "\n"


def _followed() -> list[str]:
    """Lines that read the creation's answer, and print the text of its stream's events as each arrives."""
    return [
        f"  jq --exit-status --raw-output {_read('stream')} |",
        f"  {{ read -r stream && {_CURL} --no-buffer {_AUTHORIZED} \\",
        '      --header "Accept: text/event-stream" "$stream"; } |',
        f"  jq --unbuffered --raw-input --null-input --join-output '{_EVENTS}  '",
    ]


def _read(name: str) -> str:
    """The filter for one address of an answer, which may be a refusal."""
    return f"'.urls.{name} // error(.detail)'"


def _sent(call: Call, found: FileInput, number: int) -> list[str]:
    """Lines that put an address for a file into a variable: its content, or where it was uploaded."""
    path = shlex.quote(path_of(found))
    if found.size <= LARGEST_DATA_URI:
        lead = f"data:{found.content_type};base64,"
        return [f"file_{number}={shlex.quote(lead)}$(base64 < {path} | tr -d '\\n')"]
    name = found.name.replace("\\", "\\\\").replace('"', '\\"')
    form = shlex.quote(f'content=@-;filename="{name}";type={found.content_type}')
    address = _address(call, f"{call.host.url}/files")
    sent = f'{_CURL} {_AUTHORIZED} --form {form} "{address}" < {path}'
    return [f"file_{number}=$({sent} | jq --exit-status --raw-output {_read('get')})"]


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
