"""``rcli hardware``: what models run on, and what that costs, with the price's date."""

from __future__ import annotations

import json

from rcli.settings import LIST_PRICES_FROM
from tests.cloud import Cloud, cloud
from tests.conftest import Run
from tests.recording_server import json_answer

__all__ = ["cloud"]

FOUND = [
    {"name": "Nvidia L40S GPU", "sku": "gpu-l40s"},
    {"name": "Nvidia T4 GPU", "sku": "gpu-t4"},
    {"name": "Something new", "sku": "gpu-b900"},
]


def test_prices_come_with_their_date_or_are_one_s_own(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/hardware", json_answer(FOUND))
    rcli("config", "set", "prices.gpu-t4", "0.0002")

    piped = rcli("hardware", "list", env=cloud.env)
    seen = rcli("hardware", "list", "--plain", env=cloud.env, terminal=True)

    assert piped.splitlines() == [
        f"gpu-l40s\tNvidia L40S GPU\t0.000975\tlist price, {LIST_PRICES_FROM}",
        "gpu-t4\tNvidia T4 GPU\t0.000200\tprice as set",
        "gpu-b900\tSomething new\t\tno price is known",
    ]
    assert "$3.51" in seen
    assert json.loads(rcli("hardware", "list", "--json", env=cloud.env)) == FOUND


def test_this_machine_is_free(warm_rcli: Run) -> None:
    told = warm_rcli("hardware", "list", "--host", "local")

    assert told
    assert warm_rcli("hardware", "--host", "local") == told
    assert all(line.endswith("\t0.000000\tfree, this machine") for line in told.splitlines())


def test_an_answer_that_is_no_list_is_told(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/hardware", json_answer({}))

    told = rcli("hardware", "list", env=cloud.env)

    assert told.stderr == "error: the server's answer is no list of hardware\n"
    assert told.exit_code == 5
