"""Saving a prediction's files, whole process, against curl and the official Python client (Linux).

The service is played by two servers on this machine; curl and the client get the same files. curl is told all
addresses, and fetches as many at once as rcli does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from rcli.api.transfer import THREADS
from tests.benchmarks.file_server import LARGEST, file_server
from tests.benchmarks.harness import Figure, Timed, at_least, at_most, conclude, in_turn, process, rounds
from tests.benchmarks.product import Rcli, at_home
from tests.benchmarks.warm_run import install_client
from tests.cloud import FILES, VERSION, Cloud, document, prediction
from tests.recording_server import RecordingServer, json_answer

IN_PARTS, IN_ONE, MEMORY_MB = 0.9, 0.6, 80
MANY, MANY_CURL = 1.0, 0.4  # of the official client's speed, and of curl's, which does nothing else
CLIENT = f"""
import sys
from pathlib import Path
import replicate
from replicate.helpers import FileOutput
for index, url in enumerate(replicate.run("stability-ai/sdxl:{VERSION}", input={{"prompt": "x"}})):
    with (Path(sys.argv[1]) / f"out-{{index}}.bin").open("wb") as file:
        for chunk in FileOutput(url, replicate.default_client):  # which it makes of https addresses alone
            file.write(chunk)
"""


@dataclass(frozen=True)
class Bench:
    """Three programs that save the same files in a folder that is new each time."""

    cloud: Cloud
    rcli: Rcli
    official: Path
    folder: Path

    def offers(self, urls: Sequence[str]) -> None:
        self.cloud.has_model(FILES)
        version = {
            "id": VERSION,
            "created_at": "2024-01-01T00:00:00Z",
            "cog_version": "0.23.1",
            "openapi_schema": document(FILES, None),
        }
        route = f"GET /v1/models/stability-ai/sdxl/versions/{VERSION}"
        self.cloud.api.answer(route, json_answer(version))
        self.cloud.creates(prediction("succeeded", output=list(urls)))

    def by_rcli(self) -> list[str]:
        command = self.rcli.command("run", "stability-ai/sdxl", "prompt=x", "--output-dir")
        return [*command, str(self.folder), "--no-input"]

    def by_client(self) -> list[str]:
        return [str(self.official), "-c", CLIENT, str(self.folder)]

    def by_curl(self, urls: Sequence[str]) -> list[str]:
        named = self.folder.with_name("curl.txt")
        named.write_text("".join(f'url = "{url}"\nremote-name\n' for url in urls))
        several = ["--parallel", "--parallel-max", str(THREADS)] if len(urls) > 1 else []
        return ["curl", "--silent", *several, "--output-dir", str(self.folder), "--config", str(named)]

    def timed(self, command: Sequence[str], size: int) -> Timed:
        return partial(self._save, lambda: process(command, self.rcli.environ), size)

    def memory(self, command: Sequence[str], size: int) -> float:
        """The most that a process and its children had in memory, in MB."""
        return self._save(partial(_peak, command, self.rcli.environ), size)

    def _save(self, run: Callable[[], float], size: int) -> float:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        measured = run()
        saved = sum(path.stat().st_size for path in self.folder.iterdir())
        assert saved == size, f"{saved} bytes instead of {size}"
        return measured


def main() -> int:
    count = rounds(__doc__, 5)
    with (
        file_server() as origin,
        RecordingServer() as api,
        RecordingServer() as unused,
        at_home() as rcli,
        TemporaryDirectory(prefix="rcli-downloads-") as folder,
    ):
        cloud = Cloud(api, unused)
        program = Rcli(rcli.environ | cloud.env)
        official = install_client(Path(folder) / "official")
        bench = Bench(cloud, program, official, Path(folder) / "saved")
        return conclude([*large(bench, origin, count), *many(bench, origin, count)])


def large(bench: Bench, origin: str, count: int) -> list[Figure]:
    figures = []
    for kind, budget, how in (("files", IN_PARTS, "in parts"), ("whole", IN_ONE, "in one")):
        url = f"{origin}/{kind}/{LARGEST}/out.bin"
        bench.offers([url])
        pairs = in_turn(
            bench.timed(bench.by_curl([url]), LARGEST), bench.timed(bench.by_rcli(), LARGEST), count
        )
        figures.append(at_least(f"1 GB {how}", pairs.ratio, budget, "x curl's speed", pairs))
        peak = bench.memory(bench.by_rcli(), LARGEST)
        figures.append(at_most(f"1 GB {how}, memory", peak, MEMORY_MB, "MB"))
    pairs = in_turn(bench.timed(bench.by_client(), LARGEST), bench.timed(bench.by_rcli(), LARGEST), count)
    return [*figures, at_least("1 GB in one", pairs.ratio, MANY, "x official client's speed", pairs)]


def many(bench: Bench, origin: str, count: int) -> list[Figure]:
    urls = [f"{origin}/files/1000000/out-{index}.bin" for index in range(500)]
    size = 500_000_000
    bench.offers(urls)
    ours, curl, client = (
        bench.timed(command, size) for command in (bench.by_rcli(), bench.by_curl(urls), bench.by_client())
    )
    by_client, by_curl = in_turn(client, ours, count), in_turn(curl, ours, count)
    return [
        at_least("500 files of 1 MB", by_client.ratio, MANY, "x official client's speed", by_client),
        at_least("500 files of 1 MB", by_curl.ratio, MANY_CURL, "x curl's speed", by_curl),
        at_most("500 files of 1 MB, memory", bench.memory(bench.by_rcli(), size), MEMORY_MB, "MB"),
    ]


def _peak(command: Sequence[str], environ: dict[str, str]) -> float:
    child = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return used.ru_maxrss / 1000


if __name__ == "__main__":
    sys.exit(main())
