"""Does one step of a case and tells, a line each, where what came differs from what the case says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.cog.case import PostStep, RcliStep
from tests.cog.place import Place, parsed


def differences(step: RcliStep | PostStep, place: Place) -> list[str]:
    """Nothing, if all is as the case says."""
    place.prepare(step.write, step.make)
    return list(_command(step, place) if isinstance(step, RcliStep) else _prediction(step, place))


def _command(step: RcliStep, place: Place) -> Iterator[str]:
    result = place.command(step.rcli, step.stdin, step.env)
    stdout, stderr = place.shown(str(result)), place.shown(result.stderr)
    if result.exit_code != step.exit:
        yield f"exit code {result.exit_code}, not {step.exit}\nstdout: {stdout}\nstderr: {stderr}"
    yield from _is("stdout", step.stdout, stdout)
    yield from _is("lines of stdout", step.stdout_lines, stdout.splitlines())
    yield from _has("stdout", step.stdout_has, stdout)
    yield from _lacks("stdout", step.stdout_lacks, stdout)
    yield from _is("stderr", step.stderr, stderr)
    yield from _has("stderr", step.stderr_has, stderr)
    yield from _lacks("stderr", step.stderr_lacks, stderr)
    yield from _files(step, place.cwd)
    if step.json is not None:
        yield from _contains("stdout", step.json, place.shown(parsed(str(result))))


def _files(step: RcliStep, cwd: Path) -> Iterator[str]:
    for name in [*step.files, *step.files_sha256, *step.files_size]:
        if not (cwd / name).is_file():
            yield f"there is no file {name}"
            continue
        data = (cwd / name).read_bytes()
        yield from _is(name, step.files.get(name), data.decode(errors="replace"))
        yield from _is(f"SHA-256 of {name}", step.files_sha256.get(name), hashlib.sha256(data).hexdigest())
        yield from _is(f"bytes of {name}", step.files_size.get(name), len(data))


def _prediction(step: PostStep, place: Place) -> Iterator[str]:
    given = json.loads(step.post) if isinstance(step.post, str) else step.post
    answer = place.register()
    if answer.status_code == 201:
        answer = place.create(answer, place.filled(given), wait=step.wait)
    expected = (201, 202) if step.http_status is None else (step.http_status,)
    if answer.status_code not in expected:
        yield f"HTTP status {answer.status_code}, not {expected}: {answer.text}"
    elif answer.is_success:
        yield from _ended(step, place, answer.json())
    else:
        yield from _problem(step, place, answer)


def _problem(step: PostStep, place: Place, answer: httpx.Response) -> Iterator[str]:
    body = place.shown(answer.json())
    yield from _has("the problem", step.problem_has, json.dumps(body, ensure_ascii=False))
    yield from _contains("the problem", step.json, body)


def _ended(step: PostStep, place: Place, prediction: dict[str, Any]) -> Iterator[str]:
    if step.stream is not None:
        yield from _is("stream", step.stream, place.output_events(prediction))
    ended = place.ended(prediction)
    if ended["status"] != step.status:
        yield f"status {ended['status']}, not {step.status}: {ended['error']}\n{ended['logs']}"
    yield from _output(step, place, ended["output"])
    yield from _has("error", step.error_has, place.shown(ended["error"] or ""))
    logs = place.shown(ended["logs"] or "")
    yield from _has("logs", step.logs_has, logs)
    yield from _lacks("logs", step.logs_lacks, logs)
    yield from _is("lines of logs", step.logs_lines, len(logs.splitlines()))
    yield from _contains("metrics", step.metrics, ended.get("metrics"))
    yield from _contains("the prediction", step.json, place.shown(ended))


def _output(step: PostStep, place: Place, output: Any) -> Iterator[str]:
    yield from _is("output", step.output, place.shown(output))
    if step.output_json is not None and place.shown(output) != json.loads(step.output_json):
        yield f"output: {place.shown(output)!r}, not {step.output_json}"
    files = place.downloads(output) if step.output_files or step.output_size else {}
    for name in [*step.output_files, *step.output_size]:
        if name not in files:
            yield f"the output has no file {name}, only {sorted(files)}"
        for data in files.get(name, []):
            yield from _is(name, step.output_files.get(name), data.decode(errors="replace"))
            yield from _is(f"bytes of {name}", step.output_size.get(name), len(data))


def _is(what: str, expected: Any, found: Any) -> Iterator[str]:
    if expected is not None and (found != expected or type(found) is not type(expected)):
        yield f"{what}: {found!r}, not {expected!r}"


def _has(what: str, expected: list[str], found: str) -> Iterator[str]:
    yield from (f"{what} lacks {text!r}: {found}" for text in expected if text not in found)


def _lacks(what: str, refused: list[str], found: str) -> Iterator[str]:
    yield from (f"{what} has {text!r}: {found}" for text in refused if text in found)


def _contains(what: str, expected: Any, found: Any) -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(found, dict):
        for key, value in expected.items():
            if key in found:
                yield from _contains(f"{what}.{key}", value, found[key])
            else:
                yield f"{what} has no {key}: {found!r}"
    else:
        yield from _is(what, expected, found)
