"""What a terminal showed, as SVG: the bytes that a command wrote, drawn with their colours."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

_TALLEST = 100
_DIM, _GREY = 2, 90
_FORMAT = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px;
}}
rect {{ shape-rendering: crispEdges; }}
.{unique_id}-title {{ font-family: sans-serif; font-size: 16px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""Rich's own names hosts, from which a reader's browser would load fonts."""

_NEEDLESS = re.compile(
    r' clip-path="url\(#[\w-]+-line-\d+\)"| shape-rendering="crispEdges"|<text [^>]*>\n</text>'
)
_HALVES = re.compile(
    r'<text class="([\w-]+)" x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)">([▀▄])\5*</text>'
)


def svg(name: str, prompt: str, raw: bytes, columns: int) -> str:
    """What these bytes make of an empty terminal, below a prompt. ``name`` makes the styles' names unique."""
    console = Console(record=True, width=columns, file=io.StringIO(), color_system="truecolor")
    console.print(Text(prompt, style="bold"), *_rows(raw, columns), sep="\n", no_wrap=True, overflow="crop")
    picture = console.export_svg(title="~/demo", code_format=_FORMAT, unique_id=name)
    return _HALVES.sub(_as_rectangle, _NEEDLESS.sub("", picture))


class _Screen(pyte.Screen):
    """A screen on which dim text is grey: pyte's knows no dim."""

    def select_graphic_rendition(self, *attributes: int, **private: Any) -> None:
        first = attributes[:1] and attributes[0] == _DIM
        super().select_graphic_rendition(*((_GREY, *attributes[1:]) if first else attributes), **private)


def _rows(raw: bytes, columns: int) -> Iterator[Text]:
    screen = _Screen(columns, _TALLEST)
    pyte.ByteStream(screen).feed(raw)
    used = [y for y, line in enumerate(screen.display) if line.strip()]
    for y in range(max(used, default=-1) + 1):
        cells = [screen.buffer[y][x] for x in range(columns)]
        row = Text.assemble(
            *(("".join(cell.data for cell in run), style) for style, run in groupby(cells, _style))
        )
        row.rstrip()
        yield row


def _style(cell: Any) -> Style:
    return Style(
        color=_colour(cell.fg),
        bgcolor=_colour(cell.bg),
        bold=cell.bold,
        italic=cell.italics,
        underline=cell.underscore,
        reverse=cell.reverse,
    )


def _colour(name: str) -> str:
    """Rich's name of what pyte calls ``brown``, ``brightred`` or ``ff8000``."""
    if re.fullmatch("[0-9a-f]{6}", name):
        return f"#{name}"
    return name.replace("brown", "yellow").replace("bright", "bright_")


def _as_rectangle(text: re.Match[str]) -> str:
    """Half blocks as fonts draw them leave gaps."""
    style, x, y, width, block = text.groups()
    below_baseline = -18.5 if block == "▀" else -6.3
    return (
        f'<rect class="{style}" x="{x}" y="{float(y) + below_baseline:.1f}" width="{width}" height="12.3"/>'
    )
