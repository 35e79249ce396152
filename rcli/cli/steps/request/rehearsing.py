"""``--dry-run``: the request that would create a prediction, and none is sent."""

from __future__ import annotations

from rcli.app import App
from rcli.records import Request
from rcli.services.request.sources import FileInput
from rcli.ui import views


def described(file: FileInput) -> str:
    """What stands for a file, with its size as it would be sent."""
    return f"<file {file.name} {views.size(file.size)}>"


def show(app: App, request: Request) -> None:
    """Method and address, the headers that matter, and the body: as JSON on request."""
    if app.flags.wants_json:
        app.screen.json(
            {"method": request.method, "url": request.url, "headers": request.headers, "body": request.body}
        )
        return
    app.screen.line(f"{request.method} {request.url}")
    for name, value in request.headers.items():
        app.screen.line(f"{name}: {value}")
    app.screen.json(request.body)
