"""Requests that leave the engine, where they cannot arrive."""

from __future__ import annotations

import asyncio

import pytest

from rcli.engine.runtime.outgoing import Outgoing, Undelivered


@pytest.mark.parametrize("url", ["https://xn--/", "http://xn--/", "https://[::1%25/"])
def test_a_name_that_no_host_can_have_is_not_reached_and_no_defect(url: str) -> None:
    with pytest.raises(Undelivered):
        asyncio.run(Outgoing().post(url, b"{}", {}))
