"""The size of a download before it begins, with the real uv, a real index and one that tells no sizes."""

from __future__ import annotations

import asyncio
import io
import os
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rcli.engine.runtime.downloads import Download, measure
from rcli.engine.runtime.environments import Environments
from rcli.engine.runtime.project import Build

SIX_BYTES = 11_050  # of six-1.17.0-py2.py3-none-any.whl, says its page on the index


def size(requirements: str, *arguments: str) -> Download | None:
    return asyncio.run(measure(arguments, requirements, os.environ))


def download(environments: Environments, build: Build) -> Download | None:
    return asyncio.run(environments.download(build))


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and a page that links to them without their sizes."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """The address of a page with one wheel, of which only the server knows the size."""
    folder = tmp_path / "index"
    folder.mkdir()
    (folder / "nobodyhas-1.0-py3-none-any.whl").write_bytes(wheel())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def wheel() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        about = "nobodyhas-1.0.dist-info"
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: nobodyhas\nVersion: 1.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return content.getvalue()


def test_the_index_tells_the_sizes() -> None:
    assert size("six==1.17.0\n") == Download(SIX_BYTES)


def test_a_size_that_the_index_does_not_tell_is_asked_of_the_server(index: str) -> None:
    found = size("six==1.17.0\nnobodyhas==1.0\n", "--find-links", index)

    assert found == Download(SIX_BYTES + len(wheel()))


def test_a_package_of_this_machine_is_no_download(tmp_path: Path) -> None:
    (tmp_path / "nobodyhas-1.0-py3-none-any.whl").write_bytes(wheel())

    assert size("nobodyhas==1.0\n", "--find-links", str(tmp_path)) == Download(0)


def test_what_cannot_be_resolved_has_no_size() -> None:
    assert size("six==99.0\n") is None


def test_an_environment_is_measured_until_it_is_there(tmp_path: Path) -> None:
    environments = Environments(tmp_path / "environments", os.environ)
    build = Build(python_packages=("six==1.17.0",), gpu=True)

    before = download(environments, build)
    asyncio.run(environments.ensure(build, lambda line: None))

    assert before is not None
    assert (before.size > 5_000_000, before.unknown) == (True, ())
    assert download(environments, build) == Download(0)
    assert download(environments, Build(gpu=True)) == Download(0)


def test_what_is_not_in_the_sum_is_named(tmp_path: Path) -> None:
    bare = dict.fromkeys(("PATH", "HOME", "PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"), str(tmp_path))
    environments = Environments(tmp_path / "environments", os.environ | bare)

    found = download(environments, Build(python_version="3.10", run=("pip install six",)))

    assert found is not None
    assert found.unknown == ("Python 3.10", "what build.run installs")
