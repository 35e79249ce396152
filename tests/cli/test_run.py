"""``rcli run`` on this machine, from the words to the output."""

from __future__ import annotations

import json
import shlex
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from rcli import __version__
from rcli.paths import Paths
from tests.cli.conftest import PROJECTS, Shell
from tests.conftest import Run, environment
from tests.processes import ROOT, command


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture of 6 × 4 pixels, ``in.png`` in the working folder."""
    path = tmp_path / "in.png"
    Image.new("RGB", (6, 4), "teal").save(path)
    return path


def outputs_of(shell: Shell, id: str = "last") -> Path:
    """The managed folder of a prediction."""
    prediction = shell.prediction(id)["id"]
    return Paths.from_environ(environment(shell.home)).outputs / str(prediction)


def copied(project: str, folder: Path) -> Path:
    return Path(shutil.copytree(PROJECTS / project, folder))


# models and inputs


def test_a_bundled_model_answers(warm_rcli: Run) -> None:
    answer = warm_rcli("run", "rcli/hello", "-i", "text=world")

    assert (answer, answer.stderr, answer.exit_code) == ("hello world", "", 0)


def test_a_folder_is_run_by_its_path(warm_shell: Shell) -> None:
    copied("echo", warm_shell.cwd / "project")

    answer = warm_shell.run("run", "./project", "-i", "text=bob")

    assert (answer, answer.stderr, answer.exit_code) == ("hello bob", "", 0)


def test_inside_a_project_the_model_may_be_left_out(warm_shell: Shell) -> None:
    folder = copied("echo", warm_shell.cwd / "project")

    answer = warm_shell.run("run", "text=bob", cwd=folder)

    assert (answer, answer.exit_code) == ("hello bob", 0)


def test_an_edited_project_is_another_version(warm_shell: Shell) -> None:
    folder = copied("echo", warm_shell.cwd / "project")
    warm_shell.run("run", str(folder), "text=bob")
    before = warm_shell.prediction()["version"]
    code = folder / "run.py"
    code.write_text(code.read_text().replace('"hello"', '"good day"'))

    answer = warm_shell.run("run", str(folder), "text=bob")

    assert answer == "good day bob"
    assert warm_shell.prediction()["version"] != before


@pytest.mark.parametrize(
    "words",
    [
        ["rcli/hello", "text=7"],
        ["text=7", "rcli/hello"],
        ["rcli/hello", "-i", "text=7"],
        ["-i", "text=7", "rcli/hello"],
        ["local:rcli/hello", "text=7"],
        ["rcli/hello", 'text:="7"'],
    ],
)
def test_inputs_are_written_in_several_ways(warm_rcli: Run, words: list[str]) -> None:
    assert warm_rcli("run", *words) == "hello 7"


def test_json_inputs_are_taken_as_they_are(warm_rcli: Run) -> None:
    answer = warm_rcli("run", str(PROJECTS / "old_predict"), 'text:="=5"', "times:=3", "tail:=null")

    assert json.loads(answer) == ["=5", "=5", "=5"]


def test_a_text_comes_from_a_file_or_from_standard_input(warm_shell: Shell) -> None:
    (warm_shell.cwd / "name.txt").write_text("Zoë\n")

    from_file = warm_shell.run("run", "rcli/hello", "text=@name.txt")
    from_stdin = warm_shell.run("run", "rcli/hello", "text=@-", stdin="Zoë\n".encode())

    assert (from_file, from_stdin) == ("hello Zoë\n", "hello Zoë\n")


def test_files_go_to_the_model(warm_shell: Shell) -> None:
    for name in ("a", "b", "c"):
        (warm_shell.cwd / f"{name}.txt").write_text(f"this is {name}")

    answer = warm_shell.run(
        *("run", str(PROJECTS / "files"), "one=@a.txt"),
        *("many=@b.txt", "many=@c.txt", "handle=@-"),
        stdin=b"end",
    )

    assert json.loads(answer) == ["this is a", "this is b", "this is c", "end"]


def test_the_projects_file_sets_inputs_that_the_command_line_overrides(warm_shell: Shell) -> None:
    (warm_shell.cwd / "rcli.toml").write_text('[inputs."rcli/hello"]\ntext = "from the file"\n')

    default = warm_shell.run("run", "rcli/hello")
    written = warm_shell.run("run", "rcli/hello", "text=me")

    assert (default, written) == ("hello from the file", "hello me")


def test_answers_are_byte_exact_in_a_pipe_and_end_with_a_line_on_a_terminal(warm_shell: Shell) -> None:
    in_a_pipe = warm_shell.run("run", "rcli/hello", "text=\x1b[1mbold\x07 \r\n")
    on_a_terminal = warm_shell.run("run", "rcli/hello", "text=\x1b[1mbold\x07", terminal=True)

    assert in_a_pipe.data == b"hello \x1b[1mbold\x07 \r\n"
    assert on_a_terminal.data.endswith(b"hello bold\n")


# files


def test_a_picture_goes_where_it_is_wanted(warm_shell: Shell, picture: Path) -> None:
    told = warm_shell.run("run", str(PROJECTS / "picture"), "-i", "image=@in.png", "-o", "out.png")

    assert (told, told.exit_code) == (f"{warm_shell.cwd}/out.png\n", 0)
    assert (warm_shell.cwd / "out.png").read_bytes() == picture.read_bytes()


def test_without_a_place_a_file_goes_to_a_folder_of_its_own(warm_shell: Shell, picture: Path) -> None:
    told = warm_shell.run("run", str(PROJECTS / "picture"), "image=@in.png")

    folder = outputs_of(warm_shell)
    assert told == f"{folder}/out.png\n"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["out.png", "prediction.json"]


def test_beside_a_file_stands_where_it_came_from(warm_shell: Shell, picture: Path) -> None:
    warm_shell.run("run", str(PROJECTS / "picture"), "image=@in.png")

    server = warm_shell.prediction()
    origin = json.loads((outputs_of(warm_shell) / "prediction.json").read_text())
    assert origin == {
        "id": server["id"],
        "host": "local",
        "model": "folder/picture",
        "version": server["version"],
        "created_at": server["created_at"],
        "started_at": server["started_at"],
        "completed_at": server["completed_at"],
        "web": server["urls"]["web"],
        "rcli": __version__,
        "seed": None,
        "input": origin["input"],
        "metrics": server["metrics"],
        "files": [{"name": "out.png", "size": picture.stat().st_size, "content_type": "image/png"}],
    }


def test_a_person_is_told_the_size_of_a_picture(warm_shell: Shell, picture: Path) -> None:
    session = warm_shell.terminal(
        "run", str(PROJECTS / "picture"), "image=@in.png", "-o", "out.png", columns=200
    )

    assert session.end() == 0
    said = session.lines.index(f"{warm_shell.cwd}/out.png")
    assert session.lines[said + 1] == f"6×4 PNG, {picture.stat().st_size} B"


def test_files_deep_in_an_output_are_saved_and_their_paths_shown(warm_shell: Shell) -> None:
    told = warm_shell.run("run", str(PROJECTS / "nested"), "title=mine", "--output-dir", "book")

    book = warm_shell.cwd / "book"
    assert json.loads(told) == {
        "title": "mine",
        "pages": [{"number": number, "text": f"{book}/page-{number}.txt"} for number in (1, 2)],
        "extras": {"cover": f"{book}/cover.bin", "notes": [f"{book}/notes.txt", None]},
    }
    assert {path.name: path.read_text() for path in book.iterdir()} == {
        "page-1.txt": "this is page-1.txt",
        "page-2.txt": "this is page-2.txt",
        "notes.txt": "this is notes.txt",
        "cover.bin": "cover",
    }


def test_several_files_are_one_path_a_line(warm_shell: Shell) -> None:
    told = warm_shell.run("run", str(PROJECTS / "pieces"), "names=a.txt", "names=b.txt")

    folder = outputs_of(warm_shell)
    assert told == f"{folder}/a.txt\n{folder}/b.txt\n"


@pytest.mark.parametrize("target", ["out.txt", "-"])
def test_several_files_for_one_place_are_kept_and_refused(warm_shell: Shell, target: str) -> None:
    told = warm_shell.run("run", str(PROJECTS / "pieces"), "names=a.txt", "names=b.txt", "-o", target)

    folder = outputs_of(warm_shell)
    place = "stdout" if target == "-" else f"{warm_shell.cwd}/out.txt"
    assert (told, told.exit_code) == ("", 2)
    assert told.stderr == f"error: the output is 2 files, not one for {place}\nhint: they are in {folder}\n"
    assert [(folder / name).read_text() for name in ("a.txt", "b.txt")] == ["this is a.txt", "this is b.txt"]
    assert not (warm_shell.cwd / target).exists()


def test_a_file_goes_through_a_pipe_byte_by_byte(warm_shell: Shell, picture: Path) -> None:
    process = warm_shell.start("run", str(PROJECTS / "picture"), "image=@in.png", "-o", "-")

    assert process.end() == 0
    assert (process.stdout, process.stderr) == (picture.read_bytes(), "")


def test_a_picture_is_no_text_for_a_terminal(warm_shell: Shell, picture: Path) -> None:
    told = warm_shell.run(
        "run", str(PROJECTS / "picture"), "image=@in.png", "-o", "-", "--plain", terminal=True
    )

    assert told.exit_code == 0
    assert Path(told.strip()).read_bytes() == picture.read_bytes()
    assert "warning: binary data does not go to a terminal: it is saved" in told.stderr


def test_an_existing_file_is_refused_before_anything_is_created(warm_shell: Shell, picture: Path) -> None:
    newest = warm_shell.run("predictions", "list", "-q", "-n", "1")

    told = warm_shell.run("run", str(PROJECTS / "picture"), "image=@in.png", "-o", "in.png")

    assert told.exit_code == 2
    assert told.stderr == (
        f"error: {picture} exists already\nhint: choose another name: nothing is overwritten\n"
    )
    assert warm_shell.run("predictions", "list", "-q", "-n", "1") == newest


def test_a_file_that_appears_meanwhile_is_not_overwritten(warm_shell: Shell) -> None:
    gate, target = warm_shell.cwd / "gate", warm_shell.cwd / "out.txt"
    process = warm_shell.start(
        *("run", str(PROJECTS / "gate"), f"until={gate}", "-o", "out.txt", "--progress", "plain")
    )
    process.says("running")
    target.write_text("somebody else's")
    gate.touch()

    assert process.end() == 0
    assert target.read_text() == "somebody else's"
    assert process.stdout.decode() == f"{warm_shell.cwd}/out-1.txt\n"
    assert (warm_shell.cwd / "out-1.txt").read_text() == "through the gate"


def test_a_text_can_be_saved_too(warm_shell: Shell) -> None:
    told = warm_shell.run("run", "rcli/hello", "text=x", "-o", "answer.txt")

    assert told == f"{warm_shell.cwd}/answer.txt\n"
    assert (warm_shell.cwd / "answer.txt").read_text() == "hello x"


# the forms of an answer


def test_json_is_what_the_api_said(warm_shell: Shell) -> None:
    told = warm_shell.run("run", "rcli/hello", "text=x", "--json")

    answer = json.loads(told)
    assert answer == warm_shell.prediction(answer["id"])
    assert (answer["status"], answer["output"], told.stderr) == ("succeeded", "hello x", "")


def test_with_json_the_saved_paths_go_to_stderr(warm_shell: Shell, picture: Path) -> None:
    told = warm_shell.run("run", str(PROJECTS / "picture"), "image=@in.png", "--json")

    assert told.stderr == f"{outputs_of(warm_shell, json.loads(told)['id'])}/out.png\n"


def test_jq_takes_a_part_of_the_json(warm_rcli: Run) -> None:
    told = warm_rcli("run", "rcli/hello", "text=x", "--jq", ".output, .input")

    assert told == 'hello x\n{"text": "x"}\n'


def test_quiet_gives_the_id_or_the_paths_alone(warm_shell: Shell, picture: Path) -> None:
    text = warm_shell.run("run", "rcli/hello", "text=x", "-q")
    id_of_text = warm_shell.prediction()["id"]
    file = warm_shell.run("run", str(PROJECTS / "picture"), "image=@in.png", "-q", "--plain", terminal=True)

    assert (text, text.stderr) == (f"{id_of_text}\n", "")
    assert (file, file.stderr) == (f"{outputs_of(warm_shell)}/out.png\n", "")


def test_a_detached_prediction_is_left_running(warm_shell: Shell) -> None:
    gate = warm_shell.cwd / "gate"

    told = warm_shell.run("run", str(PROJECTS / "gate"), f"until={gate}", "--detach")

    assert warm_shell.prediction(told.strip())["status"] in ("starting", "processing")
    gate.touch()
    assert warm_shell.watch(told.strip()) == "through the gate"


def test_a_failed_prediction_shows_its_log_once_and_its_reason_on_one_line(warm_shell: Shell) -> None:
    told = warm_shell.run("run", str(PROJECTS / "fails"), "text=no luck")

    id = warm_shell.prediction()["id"]
    first, *trace, last = told.stderr.splitlines()
    assert (told, told.exit_code) == ("", 3)
    assert (first, last) == ("about to fail", f"error: prediction {id} failed: no luck")
    assert trace[0] == "Traceback (most recent call last):"
    assert trace[-1] == "RuntimeError: no luck"


def test_of_a_long_log_the_end_is_shown(warm_shell: Shell) -> None:
    told = warm_shell.run("run", str(PROJECTS / "chatty"), "lines=100", "fail=true")

    server = warm_shell.prediction()
    logged = server["logs"].splitlines()
    first, *rest, last = told.stderr.splitlines()
    assert first == f"… {len(logged) - 20} lines more: rcli predictions show {server['id']}"
    assert rest == logged[-20:]
    assert (last, told.exit_code) == (f"error: prediction {server['id']} failed: after all that", 3)


# shells


def test_a_shell_that_waits_for_the_answer_does_not_wait_for_the_engine(shell: Shell) -> None:
    script = f'answer=$({shlex.join(command("run", "rcli/hello", "-i", "text=x"))}); echo "got $answer"'

    done = subprocess.run(
        ["sh", "-c", script],
        env=environment(shell.home) | {"PYTHONPATH": str(ROOT)},
        cwd=shell.cwd,
        capture_output=True,
        timeout=60,
        check=True,
    )

    assert done.stdout == b"got hello x\n"
    assert shell.engine()["replicas"][0]["model"] == "rcli/hello"
