"""Who the token belongs to, and what models run on: this machine."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse

from rcli.engine.runtime.hardware import detect
from rcli.engine.web.objects import ACCOUNT


async def get_account(_: Request) -> JSONResponse:
    return JSONResponse(ACCOUNT)


async def list_hardware(_: Request) -> JSONResponse:
    return JSONResponse([vars(hardware) for hardware in await asyncio.to_thread(detect)])
