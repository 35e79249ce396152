"""Requests that nobody would write: whatever comes in, the engine answers by its contract."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.engine.conftest import RunningEngine, launch, started
from tests.engine.contract import corrected

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
    "unsupported_method",
)
FEWEST = 1000
PATIENCE = 280


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """The vendor's API document with its corrections."""
    source = os.environ.get("RCLI_CONTRACT")
    if not source:
        pytest.skip("RCLI_CONTRACT names no API document")
    file = tmp_path / "contract.json"
    file.write_text(json.dumps(corrected(json.loads(Path(source).read_text(encoding="utf-8")))))
    return file


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_fuzzing_finds_nothing(clients: Path, document: Path, tmp_path: Path, seed: int) -> None:
    home = tmp_path / "rcli"
    engine = started(home, launch(home, "--idle", "0"))
    try:
        told = fuzzed(clients, document, engine, seed)
    finally:
        engine.close()

    assert told.returncode == 0, told.stdout[-8000:] + told.stderr[-2000:]
    assert int(re.findall(r"(\d+) generated", told.stdout)[0]) >= FEWEST


def fuzzed(
    clients: Path, document: Path, engine: RunningEngine, seed: int
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(str(clients / "schemathesis" / "bin" / "schemathesis"), "run", str(document)),
            *("--url", f"{engine.url}/v1", "--header", f"Authorization: Bearer {engine.token}"),
            *("--phases", "examples,coverage,fuzzing,stateful", "--mode", "all", "-n", "15"),
            *("--seed", str(seed), "--continue-on-failure", "--checks", ",".join(CHECKS)),
        ],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        cwd=document.parent,
    )
