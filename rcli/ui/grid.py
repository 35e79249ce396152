"""A table on a terminal; where it is too narrow for one, an entry after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

_LEAST = 16
"""Cells in which a column can still be read when its texts are folded."""

_GAP = 2

Rows = Sequence[Sequence[str]]


def laid_out(columns: Sequence[str], rows: Rows, width: int) -> list[RenderableType]:
    """What is to be printed, in so many cells, without columns that have nothing in them.

    The first column, which names the things, is never folded, and of the others only the widest.
    """
    used = [number for number in range(len(columns)) if any(row[number] for row in rows)] or [0]
    columns, rows = _only(columns, used), [_only(row, used) for row in rows]
    from rich.cells import cell_len

    widths = [max(map(cell_len, cells)) for cells in zip(columns, *rows, strict=True)]
    widest = widths.index(max(widths[1:], default=0), 1) if len(widths) > 1 else 0
    least = sum(widths) + _GAP * (len(widths) - 1) - max(0, widths[widest] - _LEAST)
    return [_table(columns, rows, widest)] if least <= width else _entries(columns, rows)


def _only(cells: Sequence[str], used: Sequence[int]) -> list[str]:
    return [cells[number] for number in used]


def _table(columns: Sequence[str], rows: Rows, widest: int) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    for number, name in enumerate(columns):
        table.add_column(name.upper(), overflow="fold", no_wrap=number != widest)
    for cells in rows:
        table.add_row(*map(Text, cells))
    return table


def _entries(columns: Sequence[str], rows: Rows) -> list[RenderableType]:
    """The first cell as it is, to be copied; below it the others, bare numbers with their names."""
    from rich.padding import Padding
    from rich.text import Text

    entries: list[RenderableType] = []
    for first, *others in rows:
        told = [
            f"{name} {cell}" if cell.isdigit() else cell
            for name, cell in zip(columns[1:], others, strict=True)
        ]
        entries += [Text(first), Padding(Text(" · ".join(filter(None, told)), "dim"), (0, 0, 0, 2))]
    return entries
