"""Lists on terminals of any width."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from rcli.ui.grid import laid_out

ID = "5ubyegryy5hfurqgh74phcilki"
COLUMNS = ("id", "model", "status", "expires", "runs")
ROWS = [[ID, "stability-ai/stable-diffusion", "succeeded", "", "7"], ["short", "", "failed", "", ""]]


def printed(width: int) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None)
    for part in laid_out(COLUMNS, ROWS, width):
        console.print(part)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_where_there_is_room_it_is_a_table_of_the_columns_with_something_in_them() -> None:
    assert printed(80) == [
        "ID                          MODEL                          STATUS     RUNS",
        f"{ID}  stability-ai/stable-diffusion  succeeded  7",
        "short                                                      failed",
    ]


def test_the_widest_column_but_the_first_is_folded() -> None:
    assert printed(64) == [
        "ID                          MODEL                STATUS     RUNS",
        f"{ID}  stability-ai/stable  succeeded  7",
        "                            -diffusion",
        "short                                            failed",
    ]


def test_where_nothing_could_be_read_an_entry_follows_the_other() -> None:
    assert printed(50) == [
        ID,
        "  stability-ai/stable-diffusion · succeeded · runs",
        "  7",
        "short",
        "  failed",
    ]


def test_a_single_column_is_folded_where_it_has_to_be() -> None:
    (table,) = laid_out(["id"], [["x" * 20]], 16)
    out = io.StringIO()

    Console(file=out, width=16, color_system=None).print(table)

    assert out.getvalue().split() == ["ID", "x" * 16, "x" * 4]


def test_rows_with_nothing_in_them_are_no_obstacle() -> None:
    assert len(laid_out(["id", "model"], [["", ""]], 80)) == 1


@pytest.mark.parametrize("width", range(10, 70))
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(len, printed(width))) <= width
