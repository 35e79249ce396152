"""Files that come from the cloud, and the token that goes there alone."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from rcli.records import Json
from tests.cloud import (
    FILES,
    ID,
    PNG,
    RUN,
    TOKEN,
    Cloud,
    cloud,
    managed,
    prediction,
    told,
)
from tests.conftest import Run
from tests.recording_server import Answer, page

__all__ = ["cloud"]


# downloads


def test_a_page_is_not_saved_as_a_picture(rcli: Run, home: Path, cloud: Cloud) -> None:
    url = cloud.offers("out-0.png")
    cloud.delivery.answer("GET /pbxt/out-0.png", page())
    cloud.has_model(FILES)
    cloud.creates(prediction("starting"), prediction("succeeded", output=[url]))

    ran = rcli(*RUN, env=cloud.env)

    assert (ran, ran.exit_code) == ("", 5)
    assert not list(managed(home).glob("*.png"))


def test_a_file_that_has_expired_says_so_and_the_others_are_saved(
    rcli: Run, home: Path, cloud: Cloud
) -> None:
    urls = [f"{cloud.delivery.url}/pbxt/gone.png", cloud.offers("out-1.png")]
    cloud.has_model(FILES)
    cloud.creates(prediction("starting"), prediction("succeeded", output=urls))

    ran = rcli(*RUN, env=cloud.env)

    assert ran.exit_code == 1
    assert f"(1 of 2 files are in {managed(home)})" in ran.stderr
    assert [path.name for path in managed(home).glob("*.png")] == ["out-1.png"]


def test_a_truncated_download_is_taken_up_again(rcli: Run, home: Path, cloud: Cloud) -> None:
    url = cloud.offers("out-0.png")
    whole = Answer(200, PNG, {"Content-Type": "image/png"})
    cut = Answer(200, PNG[:100], {"Content-Type": "image/png"}, declared=len(PNG))
    cloud.delivery.answer("GET /pbxt/out-0.png", cut, whole)
    cloud.has_model(FILES)
    cloud.creates(prediction("starting"), prediction("succeeded", output=[url]))

    ran = rcli(*RUN, env=cloud.env)

    assert told(ran) == ("", 0)
    assert (managed(home) / "out-0.png").read_bytes() == PNG


def test_a_download_that_stays_truncated_leaves_nothing(rcli: Run, home: Path, cloud: Cloud) -> None:
    url = cloud.offers("out-0.png")
    cut = Answer(200, PNG[:100], {"Content-Type": "image/png"}, declared=len(PNG))
    cloud.delivery.answer("GET /pbxt/out-0.png", cut)
    cloud.has_model(FILES)
    cloud.creates(prediction("starting"), prediction("succeeded", output=[url]))

    ran = rcli(*RUN, env=cloud.env)

    assert (ran, ran.exit_code) == ("", 5)
    assert ran.stderr.endswith(f"hint: rcli predictions watch {ID} takes it up again\n")
    assert not managed(home).exists()


# secrets


def test_the_token_goes_to_the_api_alone_and_is_written_nowhere(
    rcli: Run, home: Path, tmp_path: Path, cloud: Cloud
) -> None:
    url = cloud.offers("out-0.png")
    cloud.delivery.answer("GET /pbxt/out-0.png", Answer(302, headers={"Location": f"{url}-moved"}))
    cloud.offers("out-0.png-moved")
    cloud.has_model(FILES)
    cloud.creates(prediction("starting"), prediction("succeeded", output=[url]))

    ran = rcli(*RUN, "--debug", env=cloud.env)

    assert ran.exit_code == 0
    assert f"> POST {cloud.api.url}/v1/predictions" in ran.stderr
    assert {request.headers["Authorization"] for request in cloud.api.requests} == {f"Bearer {TOKEN}"}
    assert [request.headers["Authorization"] for request in cloud.delivery.requests] == [None, None]
    written = [path.read_bytes() for path in (home / "rcli").rglob("*") if path.is_file()]
    assert len(written) >= 3  # the picture, its sidecar and the library
    assert not [text for text in (*written, ran.data, ran.stderr.encode()) if TOKEN.encode() in text]


def test_the_api_redirecting_elsewhere_does_not_get_the_token_there(rcli: Run, cloud: Cloud) -> None:
    target = f"{cloud.delivery.url}/v1/models/stability-ai/sdxl"
    cloud.api.answer("GET /v1/models/stability-ai/sdxl", Answer(302, headers={"Location": target}))

    ran = rcli(*RUN, env=cloud.env)

    assert ran.exit_code != 0
    assert [request.headers["Authorization"] for request in cloud.delivery.requests] == [None]


def test_the_sidecar_tells_where_files_came_from_but_no_secrets(rcli: Run, home: Path, cloud: Cloud) -> None:
    secret = {"type": "string", "format": "password", "x-cog-secret": True}
    inputs: Json = {"key": secret, "prompt": {"type": "string"}}
    done = prediction("succeeded", output=[cloud.offers("out-0.png")], input={"prompt": "x", "key": "hush!"})
    cloud.has_model(FILES, inputs=inputs)
    cloud.creates(prediction("starting"), done)

    ran = rcli("run", "stability-ai/sdxl", "prompt=x", "key=hush!", env=cloud.env)

    sidecar = managed(home) / "prediction.json"
    assert ran.exit_code == 0
    assert json.loads(sidecar.read_text())["input"] == {"prompt": "x"}
    assert stat.S_IMODE(sidecar.stat().st_mode) == 0o600
