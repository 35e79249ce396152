"""Who the token belongs to, and what models run on: this machine."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse


async def get_account(_: Request) -> JSONResponse:
    return JSONResponse({"type": "user", "username": "local", "name": "rcli on this machine"})


async def list_hardware(_: Request) -> JSONResponse:
    return JSONResponse([{"sku": "cpu", "name": "CPU"}])
