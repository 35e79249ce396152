"""Errors as ``application/problem+json``, as Replicate's API document describes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from rcli.engine.data.files import FULL
from rcli.engine.runtime.installer import BuildError
from rcli.engine.runtime.snapshots import SnapshotError
from rcli.errors import NotFound, RcliError, UsageError


@dataclass(frozen=True)
class InvalidField:
    """One field of a request that cannot be used; ``type`` is the rule it breaks."""

    type: str
    field: str
    description: str


class Problem(Exception):
    """A request that is answered with an error; raised anywhere below a route."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        title: str | None = None,
        invalid: Sequence[InvalidField] = (),
        hint: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.title = title or HTTPStatus(status).phrase
        self.invalid = invalid
        self.hint = hint
        self.headers = headers

    def response(self) -> ProblemResponse:
        body: dict[str, Any] = {"title": self.title, "detail": self.detail, "status": self.status}
        if self.invalid:
            body["invalid_fields"] = [vars(field) for field in self.invalid]
        if self.hint:
            body["hint"] = self.hint
        return ProblemResponse(body, self.status, self.headers)


class ProblemResponse(JSONResponse):
    media_type = "application/problem+json"


def unauthenticated() -> Problem:
    return Problem(
        401,
        "You did not pass a valid authentication token",
        title="Unauthenticated",
        headers={"www-authenticate": "Bearer"},
    )


def not_found(what: str) -> Problem:
    return Problem(404, what, title="Not found")


def no_room(detail: str = "The engine's disk is full") -> Problem:
    """507; what arrived of the request is not kept."""
    return Problem(507, detail, hint="rcli cache prune", headers={"x-should-retry": "false"})


@contextmanager
def keeping() -> Iterator[None]:
    """Files are written within. Raises Problem 507 when the disk takes no more."""
    try:
        yield
    except OSError as exc:
        if exc.errno not in FULL:
            raise
        raise no_room(f"The engine's disk takes no more: {exc.strerror}") from exc


def conflict(what: str, hint: str | None = None) -> Problem:
    """409, which one of the official clients would send again and again without the header."""
    return Problem(409, what, hint=hint, headers={"x-should-retry": "false"})


def forbidden(what: str) -> Problem:
    return Problem(403, what)


def invalid_request(fields: Sequence[InvalidField], title: str = "Input validation failed") -> Problem:
    """422 with one line of ``detail`` for each field."""
    lines = "".join(f"- {field.field}: {field.description}\n" for field in fields)
    return Problem(422, lines, title=title, invalid=fields)


def from_error(error: RcliError) -> Problem:
    """What the engine's own parts raise while a request asks them for something."""
    match error:
        case NotFound():
            status = 404
        case UsageError() | BuildError() | SnapshotError():
            status = 422
        case _:
            status = 500
    return Problem(status, error.message, hint=error.hint)


async def on_problem(_: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, Problem)
    return error.response()


async def on_rcli_error(_: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RcliError)
    return from_error(error).response()


async def on_http_exception(request: Request, error: Exception) -> ProblemResponse:
    """What the router itself refuses: 404 for an unknown address, 405 for a method."""
    assert isinstance(error, HTTPException)
    match error.status_code:
        case 404:
            problem = not_found(f"There is nothing at {request.url.path}")
        case 405:
            problem = Problem(405, f"Method {request.method} is not allowed here", headers=error.headers)
        case status:
            problem = Problem(status, error.detail, headers=error.headers)
    return problem.response()


async def on_bug(_: Request, error: Exception) -> ProblemResponse:
    """A defect of ours. Official clients repeat a create after 500 unless this header forbids it."""
    return Problem(500, "The engine met an internal error", headers={"x-should-retry": "false"}).response()
