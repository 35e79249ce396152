"""What may stand where a command takes a MODEL."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcli.errors import UsageError
from rcli.references import (
    DeploymentReference,
    FolderReference,
    ModelReference,
    Reference,
    VersionReference,
    parse,
)

CWD = Path("/work")
HOME = Path("/home/ann")
ID = "5c7d" * 16


@pytest.mark.parametrize(
    ("text", "host", "reference"),
    [
        ("stability-ai/sdxl", None, ModelReference("stability-ai", "sdxl")),
        (f"stability-ai/sdxl:{ID}", None, ModelReference("stability-ai", "sdxl", ID)),
        ("meta/llama-2.70b_x", None, ModelReference("meta", "llama-2.70b_x")),
        ("r8.im/me/dinos", None, ModelReference("me", "dinos")),
        (f"https://r8.im/me/dinos:{ID}", None, ModelReference("me", "dinos", ID)),
        ("local:me/dinos", "local", ModelReference("me", "dinos")),
        (f"local:me/dinos:{ID}", "local", ModelReference("me", "dinos", ID)),
        (ID, None, VersionReference(ID)),
        (f"replicate:{ID}", "replicate", VersionReference(ID)),
        ("deployments/me/prod", None, DeploymentReference("me", "prod")),
        ("work:deployments/me/prod", "work", DeploymentReference("me", "prod")),
        (".", None, FolderReference(CWD)),
        ("./model", None, FolderReference(CWD / "model")),
        ("../model", None, FolderReference(Path("/model"))),
        ("/srv/model", None, FolderReference(Path("/srv/model"))),
        ("~/model", None, FolderReference(HOME / "model")),
    ],
)
def test_a_reference_is_what_it_looks_like(text: str, host: str | None, reference: Reference) -> None:
    assert parse(text, cwd=CWD, home=HOME) == (host, reference)


@pytest.mark.parametrize(
    "text",
    ["", "sdxl", "a/b/c", "a/", "a/b:latest", "a b/c", "deployments/x", "-x/y", f"{ID[:-1]}"],
)
def test_anything_else_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(text, cwd=CWD, home=HOME)

    assert "owner/name" in (refused.value.hint or "")


def test_a_folder_cannot_be_on_another_host() -> None:
    with pytest.raises(UsageError, match="a folder runs on this machine"):
        parse("replicate:./model", cwd=CWD, home=HOME)


@given(st.text(max_size=80))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        _, reference = parse(text, cwd=CWD, home=HOME)
    except UsageError:
        return

    assert isinstance(reference, Reference)
