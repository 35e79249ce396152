"""Whom the token belongs to, and what this machine has."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rcli.engine.runtime.hardware import Hardware, detect, granted

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine, StartEngine


def test_the_account_is_whoever_uses_this_machine(engine: RunningEngine) -> None:
    assert engine.http.get("/v1/account").json() == {
        "type": "user",
        "username": "local",
        "name": "rcli on this machine",
    }


def test_the_hardware_is_this_machines(engine: RunningEngine) -> None:
    told = engine.http.get("/v1/hardware").json()

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert told == [vars(hardware) for hardware in detect()]
    assert told[0]["sku"] == "cpu"
    assert told[0]["name"].endswith(f", {cores} core{'' if cores == 1 else 's'}")
    assert len(told[0]["name"]) > len(f", {cores} cores")


@pytest.mark.parametrize(
    ("answer", "gpus"),
    [
        ("printf 'NVIDIA L4\\nNVIDIA L4\\n'", [{"sku": "gpu-nvidia-l4", "name": "NVIDIA L4"}]),
        (
            "printf 'NVIDIA A100-SXM4-80GB\\nTesla T4\\n'",
            [
                {"sku": "gpu-nvidia-a100-sxm4-80gb", "name": "NVIDIA A100-SXM4-80GB"},
                {"sku": "gpu-tesla-t4", "name": "Tesla T4"},
            ],
        ),
        ("echo 'NVIDIA-SMI has failed'; exit 9", []),
    ],
)
def test_gpus_are_those_that_the_driver_tells_each_kind_once(
    start_engine: StartEngine, tmp_path: Path, answer: str, gpus: list[dict[str, str]]
) -> None:
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{answer}\n")
    program.chmod(0o755)

    engine = start_engine(PATH=f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    assert engine.http.get("/v1/hardware").json()[1:] == gpus


@pytest.mark.parametrize(
    ("wish", "gpus", "given"),
    [
        ("cpu", [], "cpu"),
        ("cpu", ["gpu-nvidia-l4"], "cpu"),
        ("gpu-t4", [], "cpu"),
        ("gpu-t4", ["gpu-nvidia-l4", "gpu-nvidia-a10"], "gpu-nvidia-l4"),
        ("gpu-nvidia-a10", ["gpu-nvidia-l4", "gpu-nvidia-a10"], "gpu-nvidia-a10"),
    ],
)
def test_a_wish_for_hardware_is_met_with_what_there_is(wish: str, gpus: list[str], given: str) -> None:
    available = [Hardware(sku, sku.upper()) for sku in ["cpu", *gpus]]

    assert granted(wish, available) == given
