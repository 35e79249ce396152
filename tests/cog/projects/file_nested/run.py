from typing import Any

from cog import BaseModel, BaseRunner, Path


class Page(BaseModel):
    text: Path


class Book(BaseModel):
    title: str
    pages: list[Page]
    cover: Path | None
    extras: Any


class Runner(BaseRunner):
    def run(self, title: str) -> Book:
        pages = [Page(text=write(f"{number}.txt", f"page {number}")) for number in (1, 2)]
        return Book(title=title, pages=pages, cover=None, extras={"notes": (write("n.txt", "notes"), None)})


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.write_text(text)
    return path
