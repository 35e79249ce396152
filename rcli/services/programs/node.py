"""Programs for the ``replicate`` package of npm, as modules."""

from __future__ import annotations

import json
import re
from typing import Any

from rcli.services.programs.call import Call, Code, path_of, quoted, rendered
from rcli.services.request.sources import FileInput

_IDENTIFIER = re.compile("[A-Za-z_][A-Za-z0-9_]*")


def file(found: FileInput, number: int) -> str:
    path, name, kind = map(_scalar, (path_of(found), found.name, found.content_type))
    return f"new File([await readFile({path})], {name}, {{ type: {kind} }})"


def secret(name: str) -> str:
    return f"process.env.{name}"


def program(call: Call) -> str:
    options = "" if call.is_replicate else "{ baseUrl: `${process.env.REPLICATE_BASE_URL}/v1` }"
    lines = [
        *call.preparations("//", "npm install replicate, and keep this as a file that ends in .mjs"),
        *_imports(call),
        'import Replicate from "replicate";',
        "",
        f"const replicate = new Replicate({options});",
        "",
        *(_streamed(call) if call.is_streamed else [*_called(call), "", *_shown(call)]),
    ]
    return "\n".join(lines) + "\n"


def _imports(call: Call) -> list[str]:
    names = ["readFile"] if call.files else []
    names += ["writeFile"] if call.gives_files else []
    used = [f'import {{ {", ".join(names)} }} from "node:fs/promises";'] if names else []
    return [*used, *(['import { basename } from "node:path";'] if "writeFile" in names else [])]


def _streamed(call: Call) -> list[str]:
    given = _written({"input": call.input, **call.terms.body()})
    return [
        f"for await (const event of replicate.stream({_scalar(call.reference)}, {given})) {{",
        "    process.stdout.write(`${event}`);",
        "}",
    ]


def _called(call: Call) -> list[str]:
    options = {"input": call.input, **call.terms.body()}
    if call.reference:
        options |= {"wait": {"mode": "poll"}} if call.gives_files else {}
        return [f"const output = await replicate.run({_scalar(call.reference)}, {_written(options)});"]
    if call.target.kind == "deployment":
        names = f"{_scalar(call.target.owner)}, {_scalar(call.target.name)}"
        made = f"replicate.deployments.predictions.create({names}, {_written(options)})"
    else:
        made = f"replicate.predictions.create({_written({'version': call.target.version_id, **options})})"
    return [
        f"const prediction = await replicate.wait(await {made});",
        'if (prediction.status !== "succeeded") throw new Error(prediction.error);',
        "const output = prediction.output;",
    ]


def _shown(call: Call) -> list[str]:
    match call.shape:
        case "stream":
            return ['process.stdout.write(output.join(""));']
        case "file" | "files" as shape:
            items = "[output]" if shape == "file" else "output"
            return [f"for (const file of {items}) {{", *_saved(call), "}"]
        case "text":
            return ["console.log(output);"]
    return ['console.log(typeof output === "string" ? output : JSON.stringify(output));']


def _saved(call: Call) -> list[str]:
    if call.has_file_objects:
        address, content = "file.url()", "file"
    else:
        address, content = "new URL(file)", "(await fetch(file)).body"
    return [
        f"    const name = basename(decodeURIComponent({address}.pathname));",
        f'    await writeFile(name, {content}, {{ flag: "wx" }});',
        "    console.log(name);",
    ]


def _written(value: Any) -> str:
    return rendered(value, _scalar, 0, key=_key)


def _key(name: str) -> str:
    return name if _IDENTIFIER.fullmatch(name) and name != "__proto__" else f"[{_scalar(name)}]"


def _scalar(value: Any) -> str:
    match value:
        case Code():
            return str(value)
        case str():
            return quoted(value, lambda code: f"\\u{{{code:x}}}")
    return json.dumps(value)
