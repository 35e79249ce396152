"""The same commands against Replicate, played by a server that answers as the service does."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from threading import Event

import pytest

from tests.cli.conftest import Shell
from tests.cloud import (
    FILES,
    ID,
    PNG,
    RUN,
    TEXT,
    VERSION,
    Cloud,
    cloud,
    managed,
    prediction,
    told,
)
from tests.conftest import Run
from tests.processes import PATIENCE
from tests.recording_server import Answer, Recorded, json_answer, problem

__all__ = ["cloud"]

PROJECTS = Path(__file__).parents[1] / "projects"

# from a name to files


def test_a_model_is_run_at_its_latest_version_and_its_picture_saved(
    rcli: Run, home: Path, cloud: Cloud
) -> None:
    url = cloud.offers("out-0.png")
    cloud.has_model(FILES)
    cloud.creates(prediction("starting"), prediction("processing"), prediction("succeeded", output=[url]))

    ran = rcli(*RUN, env=cloud.env)

    picture = managed(home) / "out-0.png"
    assert (ran, ran.stderr, ran.exit_code) == (f"{picture}\n", "", 0)
    assert picture.read_bytes() == PNG
    assert cloud.created == {"version": VERSION, "input": {"prompt": "a cat"}}
    assert [request.route for request in cloud.api.requests] == [
        "GET /v1/models/stability-ai/sdxl",
        "POST /v1/predictions",
        *[f"GET /v1/predictions/{ID}"] * 2,
    ]


def test_no_creation_asks_the_service_to_wait(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model()
    cloud.creates(prediction("starting"), prediction("succeeded", output="x"))

    rcli(*RUN, env=cloud.env)

    assert not [request for request in cloud.api.requests if "Prefer" in request.headers]


def test_several_files_are_a_path_a_line(rcli: Run, home: Path, cloud: Cloud) -> None:
    urls = [cloud.offers(f"out-{number}.png", PNG + bytes([number])) for number in range(4)]
    cloud.has_model(FILES)
    cloud.creates(prediction("starting"), prediction("succeeded", output=urls))

    ran = rcli(*RUN, env=cloud.env)

    assert ran.splitlines() == [str(managed(home) / f"out-{number}.png") for number in range(4)]
    assert [Path(line).read_bytes()[-1] for line in ran.splitlines()] == [0, 1, 2, 3]


def test_json_is_the_services_own_and_the_paths_go_to_stderr(rcli: Run, home: Path, cloud: Cloud) -> None:
    done = prediction("succeeded", output=[cloud.offers("out-0.png")], surprise={"é": [1, None]})
    cloud.has_model(FILES)
    cloud.creates(prediction("starting"), done)

    ran = rcli(*RUN, "--json", env=cloud.env)

    assert json.loads(ran) == done
    assert told(ran) == (f"{managed(home) / 'out-0.png'}\n", 0)


def test_one_file_goes_where_it_is_wanted(rcli: Run, tmp_path: Path, cloud: Cloud) -> None:
    cloud.has_model(FILES)
    cloud.creates(prediction("starting"), prediction("succeeded", output=[cloud.offers("out-0.png")]))

    ran = rcli(*RUN, "-o", "cat.png", env=cloud.env)

    assert (ran, ran.exit_code) == (f"{tmp_path / 'cat.png'}\n", 0)
    assert (tmp_path / "cat.png").read_bytes() == PNG


def test_several_files_for_one_name_are_saved_and_told(
    rcli: Run, home: Path, tmp_path: Path, cloud: Cloud
) -> None:
    cloud.has_model(FILES)
    urls = [cloud.offers("a.png"), cloud.offers("b.png")]
    cloud.creates(prediction("starting"), prediction("succeeded", output=urls))

    ran = rcli(*RUN, "-o", "cat.png", env=cloud.env)

    assert ran.exit_code == 2
    assert f"the output is 2 files, not one for {tmp_path / 'cat.png'}" in ran.stderr
    assert sorted(path.name for path in managed(home).glob("*.png")) == ["a.png", "b.png"]


def test_a_file_that_exists_is_refused_before_anything_is_created(
    rcli: Run, tmp_path: Path, cloud: Cloud
) -> None:
    (tmp_path / "cat.png").write_text("mine")

    ran = rcli(*RUN, "-o", "cat.png", env=cloud.env)

    assert (ran.exit_code, cloud.api.requests) == (2, [])


def test_a_filter_that_does_not_parse_is_refused_before_anything_is_created(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model()
    cloud.creates(prediction("starting"), prediction("succeeded", output="x"))

    ran = rcli(*RUN, "--jq", ".[", env=cloud.env)

    assert (ran, ran.exit_code, cloud.api.requests) == ("", 2, [])
    assert ran.stderr.startswith("error: --jq: ")


# references and routes


def test_an_official_model_takes_its_own_route(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(TEXT, "meta/llama", is_official=True)
    cloud.creates(
        prediction("starting", version="hidden"),
        prediction("succeeded", version="hidden", output="hi"),
        route="POST /v1/models/meta/llama/predictions",
    )

    ran = rcli("run", "meta/llama", "prompt=x", env=cloud.env)

    assert (ran, told(ran)) == ("hi", ("", 0))
    assert cloud.created == {"input": {"prompt": "x"}}


@pytest.mark.parametrize(
    "reference",
    [f"stability-ai/sdxl:{VERSION}", f"r8.im/stability-ai/sdxl:{VERSION}", VERSION],
    ids=["owner/name:version", "r8.im", "bare version"],
)
def test_a_named_version_is_run_by_its_id(rcli: Run, cloud: Cloud, reference: str) -> None:
    cloud.has_model()
    cloud.creates(prediction("starting"), prediction("succeeded", output="hi"))

    ran = rcli("run", reference, "prompt=x", env=cloud.env)

    assert (ran, told(ran)) == ("hi", ("", 0))
    assert cloud.created == {"version": VERSION, "input": {"prompt": "x"}}


def test_a_deployment_takes_its_own_route(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model()
    release = {"number": 3, "model": "stability-ai/sdxl", "version": VERSION}
    cloud.api.answer(
        "GET /v1/deployments/acme/shop",
        json_answer({"owner": "acme", "name": "shop", "current_release": release}),
    )
    cloud.creates(
        prediction("starting"),
        prediction("succeeded", output="hi"),
        route="POST /v1/deployments/acme/shop/predictions",
    )

    ran = rcli("run", "deployments/acme/shop", "prompt=x", env=cloud.env)
    wrong = rcli("run", "deployments/acme/shop", "promt=x", env=cloud.env)

    assert (ran, told(ran)) == ("hi", ("", 0))
    assert cloud.created == {"input": {"prompt": "x"}}
    assert wrong.exit_code == 2
    assert "did you mean prompt?" in wrong.stderr


def test_an_unknown_model_is_named(rcli: Run, cloud: Cloud) -> None:
    ran = rcli("run", "no/body", env=cloud.env)

    assert told(ran) == (
        "error: there is no model no/body on replicate\nhint: rcli models search body --host replicate\n",
        1,
    )


def test_a_misspelt_model_is_searched_for(rcli: Run, cloud: Cloud) -> None:
    found = {"owner": "stability-ai", "name": "sdxl", "url": "", "visibility": "public", "run_count": 1}
    cloud.api.answer("QUERY /v1/models", json_answer({"next": None, "results": [found]}))

    ran = rcli("models", "show", "stabilty-ai/sdxl", env=cloud.env)

    said = "there is no model stabilty-ai/sdxl on replicate\nhint: did you mean stability-ai/sdxl?\n"
    assert told(ran) == (f"error: {said}", 1)


def test_bad_inputs_create_nothing(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model()

    ran = rcli("run", "stability-ai/sdxl", "promt=x", env=cloud.env)

    assert ran.exit_code == 2
    assert "did you mean prompt?" in ran.stderr
    assert [request.method for request in cloud.api.requests] == ["GET"]


# files in


def test_a_large_file_is_uploaded_and_its_address_sent(rcli: Run, tmp_path: Path, cloud: Cloud) -> None:
    (tmp_path / "cat.png").write_bytes(PNG * 200)
    cloud.has_model(FILES, inputs={"image": {"type": "string", "format": "uri"}})
    url = f"{cloud.api.url}/v1/files/f1"
    cloud.api.answer("POST /v1/files", json_answer({"id": "f1", "urls": {"get": url}}, 201))
    cloud.creates(prediction("starting"), prediction("succeeded", output=[]))

    ran = rcli("run", f"stability-ai/sdxl:{VERSION}", "image=@cat.png", env=cloud.env)

    sent, created = [request for request in cloud.api.requests if request.method == "POST"]
    assert ran.exit_code == 0
    assert PNG * 200 in sent.body
    assert created.json["input"] == {"image": url}


@pytest.fixture
def engine_url(warm_rcli: Run, tmp_path: Path) -> str:
    """The address of a picture that a model on this machine has made."""
    (tmp_path / "in.png").write_bytes(PNG)
    made = warm_rcli("run", str(PROJECTS / "picture"), "image=@in.png", "--jq", ".output")
    return made.strip()


def test_a_file_of_the_engine_is_brought_to_another_host(
    warm_rcli: Run, cloud: Cloud, engine_url: str
) -> None:
    files = {
        "image": {"type": "string", "format": "uri"},
        "more": FILES,
        "prompt": {"type": "string"},
    }
    cloud.has_model(FILES, inputs=files)
    cloud.creates(prediction("starting"), prediction("succeeded", output=[]))
    words = (f"image={engine_url}", f"more={engine_url}", "more=https://x.test/a.png", f"prompt={engine_url}")

    ran = warm_rcli("run", f"stability-ai/sdxl:{VERSION}", *words, env=cloud.env)

    data = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    assert told(ran) == ("", 0)
    assert cloud.created["input"] == {
        "image": data,
        "more": [data, "https://x.test/a.png"],
        "prompt": engine_url,  # a text is left as it was written
    }


def test_a_file_that_the_engine_does_not_have_creates_nothing(
    warm_rcli: Run, cloud: Cloud, engine_url: str
) -> None:
    engine = engine_url.partition("/delivery/")[0]

    ran = warm_rcli("run", VERSION, f"image={engine}/delivery/gone/out.png", env=cloud.env)

    assert ran.exit_code == 1
    assert cloud.api.requests == []


# a person at a terminal


def test_a_person_sees_the_host_the_wait_and_the_path(shell: Shell, home: Path, cloud: Cloud) -> None:
    seen = Event()

    def finished(_: Recorded) -> Answer:
        seen.wait(PATIENCE)
        return json_answer(prediction("succeeded", output=[cloud.offers("out-0.png")]))

    throttled = problem(429, {"Retry-After": "1"}, detail="Request was throttled.")
    working = json_answer(prediction("processing", logs="loading\n 40%|####      | 20/50"))
    cloud.has_model(FILES)
    cloud.creates(prediction("starting"), working, finished)
    cloud.api.answer("POST /v1/predictions", throttled, json_answer(prediction("starting"), 201))

    session = shell.terminal(*RUN, env=cloud.env, columns=200)
    session.shows("rate limit: the next try is in 1 s")
    session.shows("running", "40%", "loading")
    seen.set()

    assert session.end() == 0
    assert session.lines[0] == f"replicate · stability-ai/sdxl:{VERSION[:12]}"
    assert session.lines[1:3] == [str(managed(home) / "out-0.png"), f"{len(PNG) / 1000:.1f} kB"]
    ending = "".join(session.lines[3:])
    assert ending.startswith(
        "succeeded · cost unknown (to tell it: rcli config set price.stability-ai/sdxl SKU)"
    )
    assert ending.endswith(f"/out-0.png · {ID}")


# canceling


def test_canceling_says_what_the_service_says(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer(f"GET /v1/predictions/{ID}", json_answer(prediction("processing")))
    cloud.api.answer(f"POST /v1/predictions/{ID}/cancel", json_answer(prediction("canceled")))

    canceled = rcli("predictions", "cancel", ID, env=cloud.env)

    assert (canceled, told(canceled)) == ("", (f"prediction {ID} is canceled\n", 0))


def test_what_has_ended_is_not_canceled(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer(f"GET /v1/predictions/{ID}", json_answer(prediction("succeeded")))

    canceled = rcli("predictions", "cancel", ID, env=cloud.env)

    assert told(canceled) == (f"prediction {ID} has ended already: succeeded\n", 0)
    assert [request.method for request in cloud.api.requests] == ["GET"]
