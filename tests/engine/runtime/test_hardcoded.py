"""What a source takes for granted is found where it stands, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from rcli.engine.runtime.hardcoded import Found, search, search_source


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("pipeline('x', device=0)", "device=0"),
        ("model.to('cuda')", ".to('cuda')"),
        ("model.to(torch.device('cuda:1'))", ".device('cuda:1')"),
        ("model.cuda()", ".cuda()"),
        ("load(path, map_location='cuda')", "map_location='cuda'"),
        ("DEVICE = 'cuda'", "DEVICE = 'cuda'"),
    ],
)
def test_what_asks_for_the_gpu_is_found(source: str, what: str) -> None:
    assert search_source(f"\n{source}\n", "run.py") == [Found("gpu", "run.py", 2, what)]


@pytest.mark.parametrize(
    "source",
    [
        "pipeline('x', device=-1)",
        "pipeline('x', device='cpu')",
        "device = 'cuda' if torch.cuda.is_available() else 'cpu'",
        "if torch.cuda.is_available():\n    model.to('cuda')",
        "torch.cuda.empty_cache()",
        "print('runs on cuda or not')",
        '"""Reads /src/weights."""',
        "'/srcs/x'",
        "if:",
        "\x00",
    ],
)
def test_what_is_no_concern_is_not(source: str) -> None:
    assert search_source(source, "run.py") == []


def test_paths_of_the_container_are_found_in_formats_too() -> None:
    found = search_source("open('/src/a.bin')\nopen(f'/src/{name}.bin')\nPath('/src')", "run.py")

    assert [(each.kind, each.line, each.what) for each in found] == [
        ("path", 1, "/src/a.bin"),
        ("path", 2, "/src/"),
        ("path", 3, "/src"),
    ]


def test_only_the_models_own_sources_are_read(tmp_path: Path) -> None:
    for name in ("run.py", "lib/net.py", "test_run.py", "tests/x.py", "env/site.py", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("m.cuda()")
    (tmp_path / "env" / "pyvenv.cfg").touch()

    assert [found.file for found in search(tmp_path)] == ["run.py", "lib/net.py"]
