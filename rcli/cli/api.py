"""``rcli api``: any request to the API, for what no other command does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Annotated, Any

import typer

from rcli.app import App
from rcli.cli.options import also, chosen, further, world
from rcli.errors import UsageError
from rcli.services import exchange
from rcli.services.exchange import Answer, Call
from rcli.services.request import fields
from rcli.services.request.sources import Sources
from rcli.settings import LOCAL

Path = Annotated[str, typer.Argument(metavar="PATH", help="Below the base URL, such as models or files/ID.")]

_JSON = ("application/json", "application/problem+json")

REQUEST = (
    further(["--method", "-X"], "GET; with fields or a body POST.", metavar="METHOD"),
    further(["--raw-field", "-f"], "A text in the body: key=value.", metavar="FIELD", multiple=True),
    further(
        ["--field", "-F"],
        "The same, as a number, true, false or null where it looks like it; @FILE is a file's text.",
        metavar="FIELD",
        multiple=True,
    ),
    further(["--header", "-H"], "A header: 'Name: value'.", metavar="HEADER", multiple=True),
    further(["--input"], "The body as it is, from a file; - is standard input.", metavar="FILE"),
)
ANSWER = (
    further(["--paginate"], "All pages, one after the other."),
    further(["--slurp"], "All pages as one list; --jq filters the whole."),
    further(["--include", "-i"], "The status and the headers before the body."),
    further(["--curl"], "Print the command for curl, without the token, and send nothing."),
)


@also(*REQUEST, *ANSWER)
def api(ctx: typer.Context, path: Path) -> None:
    """Send a request to the API and print the answer as it comes, byte for byte in a pipe.

    Fields nest: -f input[text]=hello, -F tags[]=1. With GET they go into the address. When the service
    refuses, its answer is printed all the same, and the exit code tells. A whole address of another host is
    asked without the token.

    \b
    Examples: rcli api account --host local
              rcli api predictions --host local --paginate --slurp --jq 'map(.results) | add | length'
              rcli api models/rcli/hello --host local --curl
    """
    app = world(ctx)
    call = _call(ctx, app, path)
    if chosen(ctx, "--slurp") and not chosen(ctx, "--paginate"):
        raise UsageError("--slurp makes one list of all pages", hint="--paginate --slurp")
    name = app.default_host
    if chosen(ctx, "--curl"):
        host = app.connect(LOCAL, as_is=True).client.host if name == LOCAL else app.named_host(name)
        app.screen.line(exchange.curl(call, host))
        return
    client = app.connect(name, as_is=True).client
    if chosen(ctx, "--paginate"):
        answers = exchange.pages(client, call)
        pages = (client.parsed(_headed(ctx, app, answer)) for answer in answers)
        _tell_pages(app, pages, slurp=chosen(ctx, "--slurp"))
        return
    with exchange.opened(client, call) as answer:
        _headed(ctx, app, answer)
        _tell(app, answer, client.parsed)
    if not answer.is_success:
        client.parsed(answer)


def _call(ctx: typer.Context, app: App, path: str) -> Call:
    """Raises UsageError for words that make no request."""
    sources = Sources(app.cwd, app.home, app.stdin.buffer)
    file = chosen(ctx, "--input")
    given = [
        *fields.plain(chosen(ctx, "--raw-field") or ()),
        *fields.typed(chosen(ctx, "--field") or (), sources.text),
    ]
    headers = exchange.headers_of(chosen(ctx, "--header") or ())
    content = None if file is None else sources.content(file)
    return exchange.call(path, chosen(ctx, "--method"), headers, given, content, file)


def _headed(ctx: typer.Context, app: App, answer: Answer) -> Answer:
    """Prints the head of an answer, if that is wanted."""
    if chosen(ctx, "--include"):
        app.screen.line(f"{answer.http_version} {answer.status_code} {answer.reason_phrase}")
        for name, value in answer.headers.multi_items():
            app.screen.line(f"{name}: {value}")
        app.screen.line("")
    return answer


def _tell_pages(app: App, pages: Iterable[Any], *, slurp: bool) -> None:
    if slurp:
        pages = [list(pages)]
    for page in pages:
        if not app.flags.quiet:
            app.screen.json(page)


def _tell(app: App, answer: Answer, parsed: Callable[[Answer], Any]) -> None:
    """JSON laid out or filtered, texts on a terminal as they come, in a pipe whatever it is byte for byte."""
    kind = str(answer.headers.get("content-type", "")).partition(";")[0].strip().lower()
    wanted = app.flags.jq is not None or (app.screen.is_terminal and kind in _JSON)
    if not answer.is_success or wanted:
        answer.read()
    if app.flags.quiet or (app.flags.jq and not answer.is_success):
        return
    if wanted and answer.is_success:
        if answer.content:
            app.screen.json(parsed(answer))
    elif app.screen.is_terminal and (kind in _JSON or kind.startswith("text/")):
        for piece in answer.iter_text():
            app.screen.text(piece)
        app.screen.end_text()
    elif answer.is_success or not app.screen.is_terminal:
        pieces = answer.iter_bytes()
        if first := next(pieces, b""):
            app.screen.bytes(chain([first], pieces))
