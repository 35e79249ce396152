import io
import tempfile
from typing import IO, Any

from cog import BaseRunner, File

FILES: dict[str, IO[Any]] = {
    "bytes": io.BytesIO(b"some bytes"),
    "text": io.StringIO("some text"),
    "named": io.BytesIO(b"named bytes"),
    "folder": io.BytesIO(b"named like a folder"),
    "open": open("open.txt", "w+"),  # noqa: SIM115
    "temporary": tempfile.NamedTemporaryFile("w+"),  # noqa: SIM115
}
FILES["named"].name = "folder/named.bin"
FILES["folder"].name = ".."
FILES["temporary"].name = "temporary.txt"
FILES["open"].write("from the disk")
FILES["temporary"].write("temporary")


class Runner(BaseRunner):
    def run(self, kind: str) -> File:
        return FILES[kind]
