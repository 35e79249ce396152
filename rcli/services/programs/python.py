"""Programs for the ``replicate`` package of PyPI, version 1."""

from __future__ import annotations

from typing import Any

from rcli.services.programs.call import Call, Code, path_of, quoted, rendered
from rcli.services.request.sources import FileInput


def file(found: FileInput, number: int) -> str:
    return f'open({_scalar(path_of(found))}, "rb")'


def secret(name: str) -> str:
    return f'os.environ["{name}"]'


def program(call: Call) -> str:
    body = _streamed(call) if call.is_streamed else [*_called(call), "", *_shown(call)]
    functions = _functions(call)
    imports = _imports("\n".join([*functions, *body]))
    lines = [*call.preparations("#", "pip install 'replicate<2'"), "", *imports, "", *functions, *body]
    return "\n".join(lines) + "\n"


def _streamed(call: Call) -> list[str]:
    first = ["for event in replicate.stream(", f"    {_scalar(call.reference)},"]
    return [*first, *_given(call), "):", '    print(event, end="", flush=True)']


def _given(call: Call) -> list[str]:
    more = [f"    {name}={_written(value, 1)}," for name, value in call.terms.body().items()]
    return [f"    input={_written(call.input, 1)},", *more]


def _called(call: Call) -> list[str]:
    given = _given(call)
    if call.reference:
        polls = ["    wait=False,"] if call.gives_files else []
        return ["output = replicate.run(", f"    {_scalar(call.reference)},", *given, *polls, ")"]
    if call.target.kind == "deployment":
        name = f"{call.target.owner}/{call.target.name}"
        first = [
            f"deployment = replicate.deployments.get({_scalar(name)})",
            "prediction = deployment.predictions.create(",
        ]
    else:
        version = f"    version={_scalar(call.target.version_id)},"
        first = ["prediction = replicate.predictions.create(", version]
    fails = ['if prediction.status != "succeeded":', "    raise SystemExit(prediction.error)"]
    return [*first, *given, ")", "prediction.wait()", *fails, "output = prediction.output"]


def _shown(call: Call) -> list[str]:
    match call.shape:
        case "stream":
            return ["for piece in output:", '    print(piece, end="", flush=True)']
        case "file":
            return ["save(output)"]
        case "files":
            return ["for file in output:", "    save(file)"]
        case "list":
            return ["print(json.dumps(list(output), default=str))"]
        case "text":
            return ["print(output)"]
    return ["print(output if isinstance(output, str) else json.dumps(output, default=str))"]


def _functions(call: Call) -> list[str]:
    if not call.gives_files:
        return []
    content = "file.read()" if call.has_file_objects else "urlopen(file).read()"
    return [
        "",
        "def save(file):",
        "    name = Path(unquote(urlsplit(str(file)).path)).name",
        f"    content = {content}",
        '    with open(name, "xb") as saved:',
        "        saved.write(content)",
        "    print(name)",
        "",
        "",
    ]


def _imports(text: str) -> list[str]:
    standard = [f"import {name}" for name in ("json", "os") if f"{name}." in text]
    if "def save(" in text:
        standard += ["from pathlib import Path", "from urllib.parse import unquote, urlsplit"]
    if "urlopen(" in text:
        standard.append("from urllib.request import urlopen")
    return [*standard, *([""] if standard else []), "import replicate"]


def _written(value: Any, depth: int) -> str:
    return rendered(value, _scalar, depth)


def _scalar(value: Any) -> str:
    match value:
        case Code():
            return str(value)
        case str():
            return quoted(value, lambda code: f"\\U{code:08x}")
    return repr(value)
