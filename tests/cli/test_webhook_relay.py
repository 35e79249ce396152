"""``rcli webhook listen`` without a port: what runs on a host reaches a handler, whatever is killed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from standardwebhooks import Webhook

from tests.cli.conftest import Shell
from tests.cloud import TOKEN
from tests.conftest import Run
from tests.listener.service import Faults, Service
from tests.receiver import Received, Receiver, receiver

__all__ = ["receiver"]

SHARE = 300
"""Requests a minute: a tenth of what the API takes."""


@pytest.fixture
def service() -> Iterator[Service]:
    with Service(Faults(0.1, seed=3, stall=0.2)) as service:
        yield service


def signed_in(service: Service) -> dict[str, str]:
    return {"REPLICATE_BASE_URL": service.url, "REPLICATE_API_TOKEN": TOKEN}


def heard(receiver: Receiver, key: str) -> Received:
    """The next message that came whole: a sender that is killed breaks off in the midst of one."""
    while True:
        message = receiver.next()
        if len(message.request.body) == int(message.request.headers["content-length"]):
            assert Webhook(key).verify(message.request.body, dict(message.request.headers.items()))
            return message


def ended(messages: list[Received]) -> set[str]:
    return {message.prediction["id"] for message in messages if message.status == "succeeded"}


def test_every_end_arrives_with_a_stable_id_though_the_listener_is_killed(
    shell: Shell, service: Service, receiver: Receiver
) -> None:
    random, began, came = Random(5), time.monotonic(), list[Received]()
    ids = [f"p{number}" for number in range(9)]
    argv = ("webhook", "listen", "--forward-to", receiver.url)
    for batch in range(0, len(ids), 3):
        listener = shell.start(*argv, env=signed_in(service))
        if not batch:
            listener.says("following ada on replicate")
        for id in ids[batch : batch + 3]:
            service.create(id, ends=random.uniform(0.1, 0.5))
        came += [heard(receiver, service.key) for _ in range(random.randint(1, 4))]
        listener.kill()
    shell.start(*argv, env=signed_in(service))
    while ended(came) != set(ids):
        came.append(heard(receiver, service.key))

    assert len(service.arrived) <= 4 * 3 + (time.monotonic() - began) * SHARE * 0.9 / 60 + 1
    for id in ids:
        of_one = [message for message in came if message.prediction["id"] == id]
        ends = [message for message in of_one if message.status == "succeeded"]
        assert len({message.id for message in ends}) == 1
        assert {message.request.headers["rcli-made-by"] for message in of_one} == {"relay"}
        first_end = of_one.index(ends[0])
        assert all(message in ends for message in of_one[first_end:])


def test_only_chosen_events_of_one_s_own_predictions_are_shown(warm_shell: Shell) -> None:
    listener = warm_shell.start("webhook", "listen", "--mine", "--events", "completed", "--host", "local")
    listener.says("following local through the API, with at most 300 requests a minute")
    assert listener.stderr.startswith("what runs on local: beginning to follow (Ctrl-C stops)\n")

    warm_shell.run("run", "rcli/hello", "text=x")

    id = warm_shell.prediction()["id"]
    listener.until(lambda process: process.stdout.endswith(b"\n"))
    assert listener.stdout.decode().split("\t")[1:] == ["completed", id, "rcli/hello", "succeeded", "-\n"]


def test_a_deployment_and_a_model_are_not_asked_for_at_once(rcli: Run) -> None:
    result = rcli("webhook", "listen", "--model", "ada/poet", "--deployment", "ada/fast")

    assert result.exit_code == 2
    assert "a deployment says which model it runs" in result.stderr


def test_choices_of_the_relay_are_refused_where_the_service_sends(rcli: Run) -> None:
    result = rcli("webhook", "listen", "--port", "0", "--since", "1h")

    assert result.exit_code == 2
    assert "--since is for listening without --port" in result.stderr


def test_a_token_that_may_not_read_the_key_is_told_what_to_do(
    rcli: Run, service: Service, tmp_path: Path
) -> None:
    service.refuses = True

    result = rcli("webhook", "listen", env=signed_in(service))

    assert result.exit_code == 4
    assert "--secret-file" in result.stderr
