"""What every route needs of its request: the engine, the addresses to answer with, who is asking."""

from __future__ import annotations

import re
from typing import cast

from starlette.requests import Request

from rcli.engine.engine import Engine
from rcli.engine.web.links import Links


def engine_of(request: Request) -> Engine:
    return cast(Engine, request.app.state.engine)


def links_of(request: Request) -> Links:
    """Addresses under the host name that the client used, which the guard has checked."""
    engine = engine_of(request)
    return Links(f"http://{request.headers['host']}", engine.signer, engine.files)


def knows_aborted(request: Request) -> bool:
    """Official clients fail on the status ``aborted``, or poll it for ever; rcli names itself."""
    return re.match(r"rcli(/|$)", request.headers.get("user-agent", "")) is not None
