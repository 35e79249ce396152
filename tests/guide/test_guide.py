"""The guide's programs, each in its client's own idiom, beside the rcli command that does the same."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from tests.guide.conftest import Guide, picture
from tests.receiver import Receiver

ASTRONAUT = ("prompt=an astronaut riding a horse", "negative_prompt=blurry", "width=96", "height=64")
POET = ("prompt=Tell me a story about a llama", "system_prompt=You are a poet.")
RUNS = ["replicate1/run.py", "replicate2/run.py", "node/run.mjs"]
STREAMS = ["replicate1/stream.py", "replicate2/stream.py", "node/stream.mjs"]


@pytest.mark.parametrize("program", RUNS)
def test_a_pinned_model_s_pictures_are_those_that_rcli_gets(
    guide: Guide, program: str, tmp_path: Path
) -> None:
    model = f"local:stability-ai/sdxl:{guide.versions['stability-ai/sdxl']}"
    saved = guide.rcli("run", model, *ASTRONAUT, "num_outputs=2", "--output-dir", str(tmp_path))

    addresses = guide.run(program).split()

    assert [picture(address) for address in addresses] == [
        Path(path).read_bytes() for path in saved.splitlines()
    ]
    assert Image.open(io.BytesIO(picture(addresses[0]))).size == (96, 64)


@pytest.mark.parametrize("program", STREAMS)
def test_a_streamed_answer_is_the_one_that_rcli_streams(guide: Guide, program: str) -> None:
    answer = guide.rcli(
        "stream", "local:meta/llama-2-70b-chat", *POET, "max_new_tokens=40", "temperature=0.7"
    )

    assert guide.run(program) == answer
    assert len(answer.split()) > 20


def test_a_prediction_is_reloaded_until_it_has_ended(guide: Guide) -> None:
    first, *others, text = guide.run("replicate1/poll.py").splitlines()

    assert first == "starting"
    assert set(others[:-1]) <= {"starting", "processing"}
    assert others[-1] == "succeeded"
    assert text == guide.rcli("run", "local:meta/llama-2-70b-chat", "prompt=Hello there")


@pytest.mark.parametrize("validate", ["replicate1/validate.py", "node/validate.mjs"])
def test_a_webhook_tells_of_the_end_and_the_client_finds_it_genuine(
    guide: Guide, receiver: Receiver, validate: str
) -> None:
    id = guide.run("replicate1/webhook.py", WEBHOOK_URL=receiver.url).strip()
    told = receiver.next()

    assert (told.prediction["id"], told.status) == (id, "succeeded")
    received = {"headers": dict(told.request.headers), "body": told.request.body.decode()}
    assert guide.run(validate, stdin=json.dumps(received)).strip() in ("valid", "true")
    assert receiver.count() == 0


def test_a_training_makes_a_version_that_runs(guide: Guide, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures.zip"
    with zipfile.ZipFile(pictures, "w") as archive:
        for colour in ("red", "lime"):
            content = io.BytesIO()
            Image.new("RGB", (8, 8), colour).save(content, "PNG")
            archive.writestr(f"{colour}.png", content.getvalue())

    status, version = guide.run("replicate1/train.py", PICTURES=str(pictures)).split()
    painted = guide.rcli("run", f"local:{version}", "prompt=x", "-o", str(tmp_path / "tok.png"))

    assert status == "succeeded"
    assert version.startswith("me/sdxl-tok:")
    with Image.open(painted.strip()) as picture_of_tok:
        colours = {colour for _, colour in picture_of_tok.convert("RGB").getcolors() or []}
    assert colours <= {(255, 0, 0), (0, 255, 0)}


def test_curl_waits_for_a_picture(guide: Guide) -> None:
    answer = json.loads(guide.run("curl/wait.sh"))

    assert answer["status"] == "succeeded"
    assert picture(answer["output"][0]).startswith(b"\x89PNG")


def test_llm_asks_a_model_through_its_plugin(guide: Guide) -> None:
    answer = guide.run("llm/ask.sh").strip()

    prompt = "User: Tell me a story about a llama\nAssistant:"
    assert answer == guide.rcli("run", "local:meta/llama-2-70b-chat", f"prompt={prompt}").strip()


def test_the_node_client_searches_uploads_waits_and_pages(guide: Guide, tmp_path: Path) -> None:
    saved = tmp_path / "answer.txt"

    lines = guide.run("node/everything.mjs", SAVED=str(saved)).splitlines()

    assert lines == ["meta/llama-2-70b-chat", "5", "true", "succeeded", "true"]
    assert saved.read_text() == guide.rcli("run", "local:meta/llama-2-70b-chat", "prompt=Hello there")
