"""The guide's programs, each in its client's own idiom, beside the rcli command that does the same."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.guide.conftest import Guide, picture
from tests.receiver import Receiver

ASTRONAUT = ("prompt=an astronaut riding a horse", "negative_prompt=blurry", "width=96", "height=64")
POET = ("prompt=Tell me a story about a llama", "system_prompt=You are a poet.")
RUNS = ["replicate1/run.py", "replicate2/run.py", "node/run.mjs"]
POLLS = ["replicate1/poll.py", "replicate2/poll.py", "node/poll.mjs"]
WEBHOOKS = ["replicate1/webhook.py", "replicate2/webhook.py", "node/webhook.mjs"]
TRAININGS = ["replicate1/train.py", "replicate2/train.py", "node/train.mjs"]
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


@pytest.mark.parametrize("program", POLLS)
def test_a_prediction_is_reloaded_until_it_has_ended(guide: Guide, program: str) -> None:
    first, *others, text = guide.run(program).splitlines()

    assert first == "starting"
    assert set(others[:-1]) <= {"starting", "processing"}
    assert others[-1] == "succeeded"
    assert text == guide.rcli("run", "local:meta/llama-2-70b-chat", "prompt=Hello there")


@pytest.mark.parametrize("program", WEBHOOKS)
def test_a_webhook_tells_of_the_end_and_the_clients_find_it_genuine(
    guide: Guide, receiver: Receiver, program: str
) -> None:
    id = guide.run(program, WEBHOOK_URL=receiver.url).strip()
    told = receiver.next()

    assert (told.prediction["id"], told.status) == (id, "succeeded")
    received = {"headers": dict(told.request.headers), "body": told.request.body.decode()}
    for validate in ("replicate1/validate.py", "node/validate.mjs"):  # 2.0.0b4 has no validator
        assert guide.run(validate, stdin=json.dumps(received)).strip() in ("valid", "true")
    assert receiver.count() == 0


@pytest.mark.parametrize("program", TRAININGS)
def test_a_training_makes_the_version_that_rcli_trains(guide: Guide, tmp_path: Path, program: str) -> None:
    pictures = folder_of_pictures(tmp_path / "pics")
    base = f"local:stability-ai/sdxl:{guide.versions['stability-ai/sdxl']}"
    trained = guide.rcli(
        *("train", base, "--destination", "local:me/by-rcli", "-i", f"input_images=@{pictures}"),
        *("-i", "token_string=TOK", "-i", "caption_prefix=a photo of TOK, ", "-i", "max_train_steps=1000"),
        *("-i", "use_face_detection_instead=false"),
    )

    archive = shutil.make_archive(str(tmp_path / "pictures"), "zip", pictures)
    status, version = guide.run(program, PICTURES=archive, DESTINATION="me/by-client").split()

    assert status == "succeeded"
    assert version.startswith("me/by-client:")
    assert colours(guide, version, tmp_path) == colours(guide, trained.strip(), tmp_path)
    assert colours(guide, version, tmp_path) <= {(255, 0, 0), (0, 255, 0)}


def folder_of_pictures(folder: Path) -> Path:
    folder.mkdir()
    for colour in ("red", "lime"):
        Image.new("RGB", (8, 8), colour).save(folder / f"{colour}.png")
    return folder


def colours(guide: Guide, version: str, folder: Path) -> set[tuple[int, ...]]:
    """What a trained version paints with."""
    painted = guide.rcli("run", f"local:{version}", "prompt=x", "--output-dir", str(folder))
    with Image.open(painted.strip()) as drawn:
        return {tuple(drawn.convert("RGB").getpixel((x, y))) for x in range(64) for y in range(64)}  # type: ignore[arg-type]


def test_curl_waits_for_the_picture_that_rcli_gets(guide: Guide, tmp_path: Path) -> None:
    model = f"local:stability-ai/sdxl:{guide.versions['stability-ai/sdxl']}"
    saved = guide.rcli("run", model, "prompt=a cat", "num_outputs=1", "--output-dir", str(tmp_path))

    answer = json.loads(guide.run("curl/wait.sh"))

    assert answer["status"] == "succeeded"
    assert picture(answer["output"][0]) == Path(saved.strip()).read_bytes()


def test_llm_asks_a_model_through_its_plugin(guide: Guide) -> None:
    answer = guide.run("llm/ask.sh").strip()

    prompt = "User: Tell me a story about a llama\nAssistant:"
    assert answer == guide.rcli("run", "local:meta/llama-2-70b-chat", f"prompt={prompt}").strip()


def test_the_node_client_searches_uploads_waits_and_pages(guide: Guide, tmp_path: Path) -> None:
    saved = tmp_path / "answer.txt"

    lines = guide.run("node/everything.mjs", SAVED=str(saved)).splitlines()

    assert lines == ["meta/llama-2-70b-chat", "5", "true", "succeeded", "true"]
    assert saved.read_text() == guide.rcli("run", "local:meta/llama-2-70b-chat", "prompt=Hello there")
