"""One address with all its methods: what it answers, and what it says of those that it does not know."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send


class Resource:
    """An ASGI app over the routes of one address; OPTIONS tells its methods, what it lacks is a 405."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._apps = {method: route.app for route in routes for method in route.methods or ()}
        self._allow = ", ".join(sorted({*self._apps, "OPTIONS"}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if app := self._apps.get(scope["method"]):
            await app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await Response(status_code=204, headers={"allow": self._allow})(scope, receive, send)
        else:
            raise HTTPException(405, headers={"allow": self._allow})


def resources(routes: Sequence[Route]) -> list[Route]:
    """One route for each address, in their order: a router alone tells of the first one's methods only."""
    addresses: dict[str, list[Route]] = {}
    for route in routes:
        addresses.setdefault(route.path, []).append(route)
    return [Route(path, Resource(group)) for path, group in addresses.items()]
