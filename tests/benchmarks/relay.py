"""The relay over hundreds of predictions: killed and restarted at random, an API that is not well.

    python -m tests.benchmarks.relay [--predictions N] [--seed N]

Each end has to arrive, under one id, after all else of its prediction; the requests have to stay below a
tenth of the API's rate limit in any minute. With 500 predictions it takes minutes: each is asked for.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from random import Random
from threading import Thread

from rcli.api.pace import LIMIT, SHARE
from tests.cloud import TOKEN
from tests.conftest import environment
from tests.listener.service import Faults, Service
from tests.processes import command
from tests.recording_server import Answer, Recorded, RecordingServer

PATIENCE = 600.0


class Handler:
    """Takes everything, and remembers ids and states by prediction."""

    def __init__(self, server: RecordingServer) -> None:
        self.url = f"{server.url}/hook"
        self.came: dict[str, list[tuple[str, str]]] = defaultdict(list)
        server.answer("POST /hook", self._take)

    def _take(self, request: Recorded) -> Answer:
        if len(request.body) == int(request.headers["content-length"]):  # else its sender was killed
            told = request.json
            self.came[told["id"]].append((str(request.headers["webhook-id"]), told["status"]))
        return Answer(200)

    def ended(self) -> int:
        return sum(any(status == "succeeded" for _, status in each) for each in list(self.came.values()))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--predictions", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    random = Random(chosen.seed)
    faults = Faults(0.1, seed=chosen.seed, stall=3.0)
    with tempfile.TemporaryDirectory() as folder, RecordingServer() as taking, Service(faults) as service:
        handler = Handler(taking)
        kills = _under_kills(service, handler, Path(folder), random, chosen.predictions)
        return _verdict(service, handler, kills, chosen.predictions)


def _under_kills(service: Service, handler: Handler, folder: Path, random: Random, count: int) -> int:
    """Runs the listener again and again until all has ended, and returns how often it was killed."""
    kills, began = 0, time.monotonic()
    listener = _listener(service, handler, folder)
    time.sleep(10)  # it has to know what is old before there is something new
    creating = Thread(target=_create, args=(service, random, count), daemon=True)
    creating.start()
    while handler.ended() < count and time.monotonic() - began < PATIENCE:
        time.sleep(random.uniform(2, 20))
        listener.send_signal(signal.SIGKILL)
        listener.wait()
        kills += 1
        time.sleep(random.uniform(0, 2))
        listener = _listener(service, handler, folder)
    time.sleep(2)
    listener.send_signal(signal.SIGKILL)
    listener.wait()
    return kills


def _create(service: Service, random: Random, count: int) -> None:
    for number in range(count):
        service.create(f"p{number}", ends=random.uniform(0.1, 10))
        time.sleep(random.uniform(0, 0.2))


def _listener(service: Service, handler: Handler, folder: Path) -> subprocess.Popen[bytes]:
    env = environment(folder) | {"REPLICATE_BASE_URL": service.url, "REPLICATE_API_TOKEN": TOKEN}
    argv = command("webhook", "listen", "--forward-to", handler.url)
    root = str(Path(__file__).parents[2])
    return subprocess.Popen(
        argv, env=env | {"PYTHONPATH": root}, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _verdict(service: Service, handler: Handler, kills: int, count: int) -> int:
    ends = {
        id: {message for message, status in each if status == "succeeded"}
        for id, each in handler.came.items()
    }
    late = [id for id, each in handler.came.items() if _is_disordered([status for _, status in each])]
    missing = count - sum(len(ids) > 0 for ids in ends.values())
    unstable = sum(len(ids) > 1 for ids in ends.values())
    most, allowed = service.most_in(60), int(LIMIT * SHARE)
    deliveries = sum(len(each) for each in handler.came.values())
    print(f"{count} predictions, {kills} kills, {deliveries} deliveries, {len(service.arrived)} requests")
    print(f"ends that are missing: {missing}, under several ids: {unstable}, not the last: {len(late)}")
    print(f"requests in the busiest minute: {most} of {allowed}")
    return 1 if missing or unstable or late or most > allowed else 0


def _is_disordered(statuses: list[str]) -> bool:
    """Whether anything but the end itself came after the end."""
    first = statuses.index("succeeded") if "succeeded" in statuses else len(statuses)
    return any(status != "succeeded" for status in statuses[first:])


if __name__ == "__main__":
    sys.exit(main())
