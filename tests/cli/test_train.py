"""``rcli train``: from data on the disk to a version of a model, here and in the cloud."""

from __future__ import annotations

import io
import json
import os
import zipfile
from base64 import b64decode
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rcli.records import Json
from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import VERSION, Cloud, cloud, prediction
from tests.conftest import Run
from tests.recording_server import json_answer, problem

__all__ = ["cloud"]

GUIDE = Path(__file__).parents[1] / "guide" / "models" / "sdxl"
TRAINER, COACH = str(PROJECTS / "trainer"), str(PROJECTS / "coach")
TRAININGS = f"/v1/models/stability-ai/sdxl/versions/{VERSION}/trainings"
DINOSAURS = [
    f"{first}{last}"
    for first in ("Tyranno", "Bronto", "Stego", "Allo", "Ptero", "Mega", "Micro", "Ankylo")
    for last in ("saurus", "don", "raptor", "ceratops", "dactyl", "lophus", "nychus")
]
STEPS = "step 1/2 loss=1.00\nstep 2/2 loss=0.50\n"
TO_CLOUD = ("train", "stability-ai/sdxl", "--destination", "ada/sdxl-ada")
ID = "zz4ibbonubfz7carwiefibzgga"


@pytest.fixture
def words(tmp_path: Path) -> str:
    """An input of the trainer."""
    (tmp_path / "words.txt").write_text("dino")
    return "words=@words.txt"


@pytest.fixture
def pics(tmp_path: Path) -> Path:
    """Two pictures, one of them with a caption."""
    folder = tmp_path / "pics"
    folder.mkdir()
    for name, colour in (("a.png", (255, 0, 0)), ("b.png", (0, 255, 0))):
        Image.new("RGB", (32, 32), colour).save(folder / name)
    (folder / "a.txt").write_text("a red square")
    return folder


def training(status: str, **keys: Any) -> Json:
    """A training as the service writes it."""
    urls = {"web": f"https://replicate.com/p/{ID}"}
    return prediction(status, id=ID, destination="ada/sdxl-ada", urls=urls, **keys)


@pytest.fixture
def service(cloud: Cloud) -> Cloud:
    """A base that can be trained, an account, and a training that succeeds at once."""
    images = {"type": "string", "format": "uri", "description": "A zip of pictures.", "x-order": 0}
    steps = {"type": "integer", "default": 1000, "minimum": 1, "x-order": 1}
    document = {
        "components": {
            "schemas": {
                "Input": {"type": "object", "properties": {"prompt": {"type": "string"}}},
                "TrainingInput": {
                    "type": "object",
                    "properties": {"input_images": images, "max_train_steps": steps},
                    "required": ["input_images"],
                },
            }
        }
    }
    cloud.has_model(latest_version={"id": VERSION, "openapi_schema": document})
    cloud.api.answer("GET /v1/account", json_answer({"username": "ada", "type": "user"}))
    cloud.api.answer(f"POST {TRAININGS}", json_answer(training("starting"), 201))
    made = {"version": f"ada/sdxl-ada:{VERSION}", "weights": "https://replicate.delivery/x/trained.tar"}
    cloud.api.answer(f"GET /v1/trainings/{ID}", json_answer(training("succeeded", output=made)))
    return cloud


def has_destination(cloud: Cloud, name: str = "ada/sdxl-ada") -> None:
    owner, _, short = name.partition("/")
    cloud.api.answer(f"GET /v1/models/{name}", json_answer({"owner": owner, "name": short}))


def posted(cloud: Cloud) -> list[str]:
    return [request.path for request in cloud.api.requests if request.method == "POST"]


def test_two_commands_lead_from_a_text_file_to_a_dinosaur_in_a_minute_of_computing(shell: Shell) -> None:
    (shell.cwd / "dinosaurs.txt").write_text("\n".join(DINOSAURS))

    trained = shell.run(
        "train", "rcli/names", "-i", "train_data=@dinosaurs.txt", "--destination", "local:me/dinos"
    )
    spoken = shell.run("run", "local:me/dinos")

    assert (trained.exit_code, trained[:9], len(trained)) == (0, "me/dinos:", 9 + 64 + 1)
    assert "step 600/600 train_loss=" in trained.stderr
    names = spoken.splitlines()
    assert len(names) == 10
    assert any(name.endswith(("saurus", "don", "raptor", "ceratops", "dactyl", "lophus")) for name in names)
    seconds = computed_by_children(shell.engine()["pid"])
    assert 1 < seconds < 60, seconds


def computed_by_children(pid: int) -> float:
    """The CPU seconds of a process's children that have ended: they do not depend on what else goes on."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def test_the_guide_s_whole_command(warm_shell: Shell, pics: Path) -> None:
    (pics / "a.txt").unlink()  # this model's training takes every file for a picture
    warm_shell.run("push", str(GUIDE), "local:stability-ai/sdxl")

    trained = warm_shell.run(
        *("train", "local:stability-ai/sdxl", "-i", "input_images=@pics/", "-i", "token_string=TOK"),
        *("-i", "caption_prefix=a photo of TOK, ", "-i", "max_train_steps=1000"),
        *("-i", "use_face_detection_instead=false", "--destination", "me/sdxl-tok", "-q"),
    )
    painted = warm_shell.run("run", f"local:{trained.strip()}", "prompt=x", "-o", "tok.png")

    assert (trained.exit_code, trained.stderr) == (0, "")
    shown = json.loads(warm_shell.run("trainings", "show", "last", "--host", "local", "--json"))
    assert shown["input"] | {"input_images": ""} == {
        "input_images": "",
        "token_string": "TOK",
        "caption_prefix": "a photo of TOK, ",
        "max_train_steps": 1000,
        "use_face_detection_instead": False,
    }
    assert "a photo of TOK, a.png: #ff0000" in shown["logs"]
    with Image.open(painted.strip()) as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors() or []}
    assert colours <= {(255, 0, 0), (0, 255, 0)}


def test_the_base_is_looked_for_where_the_destination_is(warm_rcli: Run, words: str) -> None:
    warm_rcli("push", TRAINER, "local:school/trainer")

    trained = warm_rcli("train", "school/trainer", words, "--destination", "local:school/dinos")

    assert trained.startswith("school/dinos:")
    assert warm_rcli("run", f"local:{trained.strip()}") == "DINO"


def test_a_training_stays_on_one_host(warm_rcli: Run, words: str) -> None:
    told = warm_rcli("train", TRAINER, words, "--destination", "replicate:me/dinos")

    assert told.exit_code == 2
    assert told.stderr == (
        "error: the base is on local, the destination on replicate: a training stays on one host\n"
        "hint: --destination local:owner/name\n"
    )


def test_json_is_a_line_for_each_event_and_quiet_the_version(warm_rcli: Run, words: str) -> None:
    order = ("train", TRAINER, words, "steps=2", "--destination", "school/dinos")

    told = warm_rcli(*order, "--json")
    quiet = warm_rcli(*order, "-q")

    events = [json.loads(line) for line in told.splitlines()]
    assert "".join(event["data"] for event in events if event["event"] == "logs") == STEPS
    ended = events[-1]["prediction"]
    assert (ended["status"], ended["destination"]) == ("succeeded", "school/dinos")
    assert (quiet, quiet.stderr) == (ended["output"]["version"] + "\n", "")


def test_detached_it_prints_its_id_and_goes_on(warm_rcli: Run, words: str) -> None:
    id = warm_rcli("train", TRAINER, words, "--destination", "school/dinos", "--detach").strip()

    told = warm_rcli("trainings", "wait", id)

    assert (told.exit_code, told[:13]) == (0, "school/dinos:")


@pytest.mark.parametrize(
    ("more", "told"), [((), STEPS), (("--progress", "none"), ""), (("--progress", "none", "--logs"), STEPS)]
)
def test_in_a_pipe_the_log_s_lines_are_the_progress(
    warm_rcli: Run, words: str, more: tuple[str, ...], told: str
) -> None:
    result = warm_rcli("train", TRAINER, words, "steps=2", "--destination", "school/dinos", *more)

    assert (result[:13], result.stderr) == ("school/dinos:", told)


def test_the_new_weights_are_saved_on_request(warm_shell: Shell, words: str) -> None:
    told = warm_shell.run("train", TRAINER, words, "--destination", "school/dinos", "--download")

    version, path = told.splitlines()
    assert version.startswith("school/dinos:")
    assert Path(path).read_text() == "DINO"
    assert Path(path).name == "weights.txt"
    assert Path(path).is_relative_to(warm_shell.home / "rcli" / "config" / "outputs")


def test_the_new_version_is_tried_beside_its_base(warm_shell: Shell) -> None:
    (warm_shell.cwd / "dinosaurs.txt").write_text("\n".join(DINOSAURS))
    order = (
        "train",
        "rcli/names",
        "train_data=@dinosaurs.txt",
        "steps=50",
        "--destination",
        "local:me/dinos",
    )

    told = warm_shell.run(*order, "--try", "n=2", "--try", "seed=7").splitlines()

    version, *names = told
    runs = [warm_shell.run("run", model, "n=2", "seed=7") for model in ("rcli/names", f"local:{version}")]
    assert names == [name for run in runs for name in run.splitlines()]
    assert len(names) == 4


def test_what_is_to_be_tried_is_checked_before_the_training(warm_rcli: Run, words: str) -> None:
    before = warm_rcli("trainings", "list", "-q")

    told = warm_rcli("train", TRAINER, words, "--destination", "school/dinos", "--try", "n=2")

    assert told.exit_code == 2
    assert told.stderr.startswith("error: --try: n: unknown input; inputs are: none\n")
    assert warm_rcli("trainings", "list", "-q") == before


def test_nobody_waits_for_the_end_of_what_is_detached(warm_rcli: Run, words: str) -> None:
    told = warm_rcli("train", TRAINER, words, "--destination", "school/dinos", "--detach", "--download")

    assert told.exit_code == 2
    assert told.stderr.startswith("error: --csv, --download and --try come at the end, and --detach")


def test_inputs_are_those_of_the_training(warm_rcli: Run) -> None:
    told = warm_rcli("train", TRAINER, "steps=none", "speed=3", "--destination", "school/dinos")

    assert told.exit_code == 2
    assert told.stderr == (
        "error: the inputs are not accepted:\n"
        "  steps: 'none' is not a whole number\n"
        "  speed: unknown input; inputs are: words, steps\n"
        "  words: required, and takes a file or a URL\n"
        f"hint: rcli train {TRAINER} --help\n"
    )


def test_help_tells_what_a_base_takes(warm_rcli: Run) -> None:
    told = warm_rcli("train", "rcli/names", "--help")

    assert "train_data" in told
    assert "from_scratch" in told
    assert "temperature" not in told


def test_a_base_without_a_training_is_refused_before_anything_else(warm_rcli: Run) -> None:
    told = warm_rcli("train", "rcli/hello", "text=x", "--destination", "local:me/hello")

    assert told.exit_code == 2
    assert told.stderr == (
        "error: rcli/hello cannot be trained: this version of it has no training\n"
        "hint: a Cog project names one in cog.yaml: train: train.py:train\n"
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), "where to is missing: the model that gets the new version"),
        (("--destination", "./dinos"), "'./dinos' is no model that could get a version"),
        (("--destination", f"me/x:{VERSION}"), f"'me/x:{VERSION}' is no model that could get a version"),
    ],
)
def test_a_destination_is_a_model(warm_rcli: Run, more: tuple[str, ...], said: str) -> None:
    told = warm_rcli("train", TRAINER, *more)

    assert told.exit_code == 2
    assert told.stderr == f"error: {said}\nhint: --destination local:me/model\n"


def test_a_destination_that_belongs_to_rcli_is_refused(warm_rcli: Run, words: str) -> None:
    told = warm_rcli("train", TRAINER, words, "--destination", "local:rcli/dinos")

    assert told.exit_code == 4
    assert told.stderr.startswith("error: ")


@pytest.fixture
def late(warm_shell: Shell) -> str:
    """A project whose training tells forty losses, and fails."""
    project = warm_shell.cwd / "late"
    project.mkdir()
    (project / "cog.yaml").write_text('train: "train.py:train"\npredict: "predict.py:Predictor"\n')
    (project / "predict.py").write_text((PROJECTS / "trainer" / "predict.py").read_text())
    (project / "train.py").write_text(
        "from cog import BaseModel, Path\n\nclass Trained(BaseModel):\n    weights: Path\n\n"
        "def train(steps: int = 40) -> Trained:\n"
        "    for step in range(steps):\n        print(f'step {step}/{steps} loss={1 / (1 + step):.2f}')\n"
        "    raise MemoryError('no room')\n"
    )
    return "./late"


def test_a_training_that_fails_late_leaves_its_curve_and_its_last_thirty_lines(
    warm_shell: Shell, late: str
) -> None:
    session = warm_shell.terminal("train", late, "--destination", "local:me/late", columns=120)

    assert session.end() == 3
    lines = session.lines
    legend = lines.index("⠒⠒ loss 0.03")
    (rest,) = [number for number, line in enumerate(lines) if line.startswith("… ")]
    assert lines[legend + 1].strip().startswith("1┤")
    assert legend < rest < lines.index("step 39/40 loss=0.03")
    assert "step 5/40 loss=0.17" not in lines
    (error,) = [line for line in lines if line.startswith("error: ")]
    assert "no room" in error


def test_in_a_pipe_the_whole_log_is_there_already(warm_shell: Shell, late: str) -> None:
    told = warm_shell.run("train", late, "--destination", "local:me/late")

    assert told.exit_code == 3
    lines = told.stderr.splitlines()
    assert [line for line in lines if line.startswith("step ")] == [
        f"step {step}/40 loss={1 / (1 + step):.2f}" for step in range(40)
    ]
    assert lines[-1].startswith("error: training ")


def test_ctrl_c_leaves_it_running_and_says_how_to_come_back(warm_shell: Shell) -> None:
    gate = warm_shell.cwd / "gate"
    session = warm_shell.terminal("train", COACH, f"until={gate}", "--destination", "school/left")
    session.shows("warming up")

    session.press("\x03")

    assert session.end() == 130
    (row,) = [line for line in session.lines if "the training goes on" in line]
    id = row.split("rcli trainings watch ")[1].split()[0]
    assert status(warm_shell, id) == "processing"
    gate.touch()
    assert warm_shell.run("trainings", "wait", id).startswith("school/left:")


def test_ctrl_c_cancels_it_where_that_is_asked_for(warm_shell: Shell) -> None:
    order = ("train", COACH, f"until={warm_shell.cwd}/gate", "--destination", "school/ended")
    session = warm_shell.terminal(*order, "--cancel-on-interrupt")
    session.shows("warming up")

    session.press("\x03")

    assert session.end() == 130
    (row,) = [line for line in session.lines if line.endswith(" canceled")]
    assert status(warm_shell, row.split()[1]) == "canceled"


def status(shell: Shell, id: str) -> str:
    shown: Json = json.loads(shell.run("trainings", "show", id, "--host", "local", "--json"))
    return str(shown["status"])


def test_in_the_cloud_a_folder_arrives_as_a_zip_with_its_captions(
    rcli: Run, service: Cloud, pics: Path
) -> None:
    has_destination(service)

    told = rcli(*TO_CLOUD, "-i", "input_images=@pics/", "-i", "max_train_steps=2", env=service.env)

    assert (told, told.stderr) == (f"ada/sdxl-ada:{VERSION}\n", "")
    body = service.created
    assert (body["destination"], body["input"]["max_train_steps"]) == ("ada/sdxl-ada", 2)
    arrived = sent(service)
    assert (list(arrived), arrived["a.txt"]) == (["a.png", "a.txt", "b.png"], b"a red square")


def test_what_is_packed_is_told_with_its_counts(rcli: Run, service: Cloud, pics: Path) -> None:
    has_destination(service)

    told = rcli(*TO_CLOUD, "input_images=@pics", "--no-input", env=service.env, terminal=True)

    assert "\n2 pictures, PNG, 32×32\n" in told.stderr
    assert "pics: 3 files, 2 pictures, 1 of them with a caption, " in told.stderr


def test_a_broken_picture_is_named_before_anything_is_sent(rcli: Run, service: Cloud, pics: Path) -> None:
    has_destination(service)
    whole = (pics / "a.png").read_bytes()
    (pics / "b.png").write_bytes(whole[: len(whole) // 2])
    (pics / "c.jpg").write_text("no picture")

    told = rcli(*TO_CLOUD, "input_images=@pics/", env=service.env)

    assert told.exit_code == 2
    lines = told.stderr.splitlines()
    assert lines[0] == "error: 2 pictures of 3 cannot be opened:"
    assert lines[1].startswith("  pics/b.png: it is broken: ")
    assert lines[2] == "  pics/c.jpg: it is no picture"
    assert posted(service) == []


def test_an_empty_folder_is_refused(rcli: Run, service: Cloud, tmp_path: Path) -> None:
    (tmp_path / "pics").mkdir()
    has_destination(service)

    told = rcli(*TO_CLOUD, "input_images=@pics/", env=service.env)

    assert told.exit_code == 2
    assert "input_images: there is no file in the folder" in told.stderr
    assert posted(service) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [("huge.zip", "huge.zip is larger than 100 MB"), ("nowhere.zip", "there is no file ")],
)
def test_a_file_that_cannot_be_sent_is_refused(
    rcli: Run, service: Cloud, tmp_path: Path, name: str, said: str
) -> None:
    with (tmp_path / "huge.zip").open("wb") as file:
        file.truncate(100_000_000)
    has_destination(service)

    told = rcli(*TO_CLOUD, f"input_images=@{name}", env=service.env)

    assert told.exit_code == 2
    assert said in told.stderr
    assert posted(service) == []


def test_a_file_in_a_folder_that_cannot_be_read_is_named(rcli: Run, service: Cloud, pics: Path) -> None:
    (pics / "c.png").symlink_to(pics / "c.png")

    told = rcli(*TO_CLOUD, "input_images=@pics/", "--yes", env=service.env)

    assert told.exit_code == 2
    assert told.stderr.startswith(
        f"error: input_images: cannot read {pics}/c.png: Too many levels of symbolic"
    )
    assert posted(service) == []


def test_what_is_too_large_once_it_is_packed_makes_no_destination(
    rcli: Run, service: Cloud, tmp_path: Path
) -> None:
    (tmp_path / "films").mkdir()
    with (tmp_path / "films" / "a.mp4").open("wb") as file:
        file.truncate(100_000_001)

    told = rcli(*TO_CLOUD, "input_images=@films", "--yes", env=service.env)

    assert told.exit_code == 2
    assert "the packed folder is larger than 100 MB" in told.stderr
    assert posted(service) == []


def sent(cloud: Cloud) -> dict[str, bytes]:
    """The members of the archive that was sent."""
    packed = b64decode(cloud.created["input"]["input_images"].partition("base64,")[2])
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_several_files_for_one_input_are_packed_together(rcli: Run, service: Cloud, pics: Path) -> None:
    has_destination(service)
    Image.new("RGB", (8, 8)).save(pics.parent / "c.webp")
    files = ("-i", "input_images=@pics", "-i", "input_images=@c.webp")

    told = rcli(*TO_CLOUD, *files, "--no-input", env=service.env, terminal=True)

    assert list(sent(service)) == ["a.png", "a.txt", "b.png", "c.webp"]
    assert "\n3 pictures, PNG and WEBP, 8×8 to 32×32\n" in told.stderr
    assert "pics c.webp: 4 files, 3 pictures, 1 of them with a caption, " in told.stderr
    assert "packed as input_images.zip" in told.stderr


def test_two_files_of_one_name_are_no_archive(rcli: Run, service: Cloud, pics: Path) -> None:
    Image.new("RGB", (8, 8)).save(pics.parent / "a.png")
    has_destination(service)

    told = rcli(*TO_CLOUD, "input_images=@pics", "input_images=@a.png", env=service.env)

    assert told.exit_code == 2
    assert "input_images: two files would be called a.png: " in told.stderr
    assert posted(service) == []


def test_a_broken_picture_among_several_is_named(rcli: Run, service: Cloud, pics: Path) -> None:
    (pics / "c.jpg").write_text("no picture")
    has_destination(service)

    told = rcli(*TO_CLOUD, "input_images=@pics/a.png", "input_images=@pics/c.jpg", env=service.env)

    assert told.exit_code == 2
    assert told.stderr.splitlines()[1] == "  c.jpg: it is no picture"


def test_pictures_are_brought_into_size_and_format(rcli: Run, service: Cloud, pics: Path) -> None:
    has_destination(service)
    Image.new("RGBA", (64, 128), (0, 0, 0, 0)).save(pics / "c.png")
    before = {path.name: path.read_bytes() for path in pics.iterdir()}

    told = rcli(*TO_CLOUD, "input_images=@pics", "--resize", "64", "--convert", "jpg", env=service.env)

    assert told.exit_code == 0
    arrived = sent(service)
    assert list(arrived) == ["a.jpg", "a.txt", "b.jpg", "c.jpg"]
    with Image.open(io.BytesIO(arrived["c.jpg"])) as picture:
        assert (picture.size, picture.format, picture.getpixel((0, 0))) == ((32, 64), "JPEG", (255, 255, 255))
    assert {path.name: path.read_bytes() for path in pics.iterdir()} == before


def test_a_single_picture_is_converted_too(rcli: Run, service: Cloud, pics: Path) -> None:
    has_destination(service)

    rcli(*TO_CLOUD, "input_images=@pics/a.png", "--convert", "webp", env=service.env)

    kind, _, content = service.created["input"]["input_images"].partition(";base64,")
    assert kind == "data:image/webp"
    assert b64decode(content)[8:12] == b"WEBP"


def test_pictures_that_would_get_one_name_are_refused(rcli: Run, service: Cloud, pics: Path) -> None:
    has_destination(service)
    Image.new("RGB", (8, 8)).save(pics / "a.webp")

    told = rcli(*TO_CLOUD, "input_images=@pics", "--convert", "png", env=service.env)

    assert told.exit_code == 2
    assert "two files would be called a.png" in told.stderr
    assert posted(service) == []


def test_a_format_that_is_none_is_refused(rcli: Run) -> None:
    told = rcli(*TO_CLOUD, "input_images=@pics", "--convert", "heic")

    assert told.exit_code == 2
    assert told.stderr == "error: --convert takes jpg, png or webp, not 'heic'\nhint: --convert jpg\n"


def takes(cloud: Cloud, description: str) -> None:
    """The base takes a file that is described so, and nothing else."""
    data = {"type": "string", "format": "uri", "description": description}
    schemas = {
        "Input": {"type": "object", "properties": {}},
        "TrainingInput": {"type": "object", "properties": {"input_images": data}},
    }
    version = {"id": VERSION, "openapi_schema": {"components": {"schemas": schemas}}}
    cloud.has_model(latest_version=version)


def test_a_folder_is_packed_also_where_nothing_says_how(rcli: Run, service: Cloud, pics: Path) -> None:
    has_destination(service)
    takes(service, "What it is to look like")

    rcli(*TO_CLOUD, "input_images=@pics", env=service.env)

    assert list(sent(service)) == ["a.png", "a.txt", "b.png"]


def test_texts_become_lines_of_json_where_these_are_taken(rcli: Run, service: Cloud, tmp_path: Path) -> None:
    has_destination(service)
    takes(service, "Examples in JSONL format")
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text("Ünder\nway")
    (folder / "b.json").write_text('[{"prompt": "x"}, {"prompt": "y"}]')
    (folder / "c.jsonl").write_text('{"prompt": "z"}\n\n')

    rcli(*TO_CLOUD, "input_images=@texts", env=service.env)

    kind, _, content = service.created["input"]["input_images"].partition(";base64,")
    assert kind == "data:application/jsonl"
    assert b64decode(content).decode() == (
        '{"text": "Ünder\\nway"}\n{"prompt": "x"}\n{"prompt": "y"}\n{"prompt": "z"}\n'
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("a.json", b"{", "a.json is no JSON: "), ("b.txt", b"\xff", "b.txt is no text (byte 0)")],
)
def test_what_is_no_text_becomes_no_line(
    rcli: Run, service: Cloud, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    has_destination(service)
    takes(service, "Examples in JSONL format")
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / name).write_bytes(content)

    told = rcli(*TO_CLOUD, "input_images=@texts", env=service.env)

    assert told.exit_code == 2
    assert said in told.stderr
    assert posted(service) == []


def test_the_cost_is_told_with_what_it_rests_on(rcli: Run, service: Cloud) -> None:
    has_destination(service)
    made = {"version": f"ada/sdxl-ada:{VERSION}", "weights": "x"}
    done = training("succeeded", output=made, metrics={"predict_time": 1000.0})
    service.api.answer(f"GET /v1/trainings/{ID}", json_answer(done))
    rcli("config", "set", "price.stability-ai/sdxl", "gpu-a40-large")

    told = rcli(
        *(*TO_CLOUD, "input_images=https://example.com/a.zip", "--progress", "plain"), env=service.env
    )

    assert "at least $0.72 (predict_time 1000 s × gpu-a40-large $0.000725/s, list price" in told.stderr


def test_the_engine_keeps_a_training_s_time(warm_shell: Shell) -> None:
    order = ("train", COACH, f"until={warm_shell.cwd}/gate", "--destination", "school/timed", "--detach")

    id = warm_shell.run(*order, "--timeout", "1h").strip()

    shown = json.loads(warm_shell.run("trainings", "show", id, "--json"))
    (warm_shell.cwd / "gate").touch()
    begun, ends = (datetime.fromisoformat(shown[key]) for key in ("created_at", "deadline"))
    assert (ends - begun).total_seconds() == pytest.approx(3600, abs=1)


def test_a_time_that_nobody_would_keep_is_refused(rcli: Run, service: Cloud) -> None:
    has_destination(service)
    order = (*TO_CLOUD, "input_images=https://example.com/a.zip", "--timeout", "1h")

    told = rcli(*order, "--detach", env=service.env)
    watched = rcli(*order, env=service.env)

    assert (told.exit_code, watched.exit_code) == (2, 0)
    assert told.stderr.startswith("error: --timeout needs rcli to watch: replicate has no time limits")


def test_a_missing_destination_is_found_out_before_the_upload(rcli: Run, service: Cloud, pics: Path) -> None:
    told = rcli(*TO_CLOUD, "input_images=@pics/", env=service.env)

    assert told.exit_code == 1
    assert told.stderr == (
        "error: there is no model ada/sdxl-ada on replicate\n"
        "hint: --create-destination makes it (--private, --hardware SKU)\n"
    )
    assert posted(service) == []


@pytest.mark.parametrize(
    ("more", "made"),
    [
        (("--create-destination",), {"visibility": "public", "hardware": "gpu-t4"}),
        (("--private", "--hardware", "cpu"), {"visibility": "private", "hardware": "cpu"}),
        (("--yes",), {"visibility": "public", "hardware": "gpu-t4"}),
    ],
)
def test_a_missing_destination_is_made_on_request(
    rcli: Run, service: Cloud, pics: Path, more: tuple[str, ...], made: Json
) -> None:
    service.api.answer("POST /v1/models", json_answer({"owner": "ada", "name": "sdxl-ada"}, 201))

    told = rcli(*TO_CLOUD, "input_images=@pics/", *more, env=service.env)

    assert told.exit_code == 0
    assert posted(service) == ["/v1/models", TRAININGS]
    (request,) = service.api.asked("POST /v1/models")
    assert request.json == {"owner": "ada", "name": "sdxl-ada"} | made


@pytest.mark.parametrize(("key", "code", "made"), [("y\r", 0, ["/v1/models", TRAININGS]), ("n\r", 1, [])])
def test_a_person_is_asked_about_a_missing_destination(
    shell: Shell, service: Cloud, key: str, code: int, made: list[str]
) -> None:
    service.api.answer("POST /v1/models", json_answer({"owner": "ada", "name": "sdxl-ada"}, 201))
    session = shell.terminal(
        *TO_CLOUD, "input_images=https://example.com/a.zip", env=service.env, columns=120
    )
    session.shows("there is no model ada/sdxl-ada on replicate. Make it, public, for gpu-t4?")

    session.press(key)

    assert session.end() == code
    assert posted(service) == made


def test_bad_inputs_make_no_destination(rcli: Run, service: Cloud) -> None:
    told = rcli(*TO_CLOUD, "max_train_steps=0", "--yes", env=service.env)

    assert told.exit_code == 2
    assert posted(service) == []


def test_nobody_makes_models_for_others(rcli: Run, service: Cloud, pics: Path) -> None:
    told = rcli(
        *("train", "stability-ai/sdxl", "input_images=@pics/", "--destination", "bob/sdxl-bob", "--yes"),
        env=service.env,
    )

    assert told.exit_code == 4
    assert told.stderr == (
        "error: there is no model bob/sdxl-bob, and ada cannot make one for bob\n"
        "hint: --destination ada/sdxl-bob\n"
    )
    assert posted(service) == []


def test_a_destination_that_belongs_to_somebody_else_wants_a_word(
    rcli: Run, service: Cloud, pics: Path
) -> None:
    has_destination(service, "bob/sdxl-bob")
    order = ("train", "stability-ai/sdxl", "input_images=@pics/", "--destination", "bob/sdxl-bob")
    refusal = problem(403, detail="You do not have permission to train bob/sdxl-bob")
    service.api.answer(f"POST {TRAININGS}", refusal)

    told = rcli(*order, env=service.env)
    tried = rcli(*order, "--yes", env=service.env)

    assert (told.exit_code, tried.exit_code) == (4, 4)
    assert told.stderr == (
        "error: bob/sdxl-bob belongs to bob, and you are somebody else\nhint: --yes tries it all the same\n"
    )
    assert "You do not have permission to train bob/sdxl-bob" in tried.stderr
    assert posted(service) == [TRAININGS]


def test_webhooks_go_along(rcli: Run, service: Cloud) -> None:
    has_destination(service)

    rcli(
        *(*TO_CLOUD, "input_images=https://example.com/a.zip", "--webhook", "https://example.com/hook"),
        *("--webhook-events", "completed"),
        env=service.env,
    )

    assert service.created == {
        "destination": "ada/sdxl-ada",
        "input": {"input_images": "https://example.com/a.zip"},
        "webhook": "https://example.com/hook",
        "webhook_events_filter": ["completed"],
    }
