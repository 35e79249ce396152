import io
from pathlib import Path as PlainPath
from typing import Any

from cog import BaseModel, BaseRunner, Path


class Page(BaseModel):
    number: int
    text: Path


class Book(BaseModel):
    title: str
    pages: list[Page]
    extras: Any


class Runner(BaseRunner):
    def run(self, title: str) -> Book:
        pages = [Page(number=number, text=_write(f"page-{number}.txt")) for number in (1, 2)]
        cover = io.BytesIO(b"cover")
        cover.name = "cover.bin"
        extras = {"cover": cover, "notes": (PlainPath(_write("notes.txt")), None)}
        return Book(title=title, pages=pages, extras=extras)


def _write(name: str) -> Path:
    PlainPath(name).write_text(f"this is {name}")
    return Path(name)
