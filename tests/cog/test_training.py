"""What cog.yaml's train may name and give, and how weights come to setup(), through the HTTP API."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.engine.conftest import RunningEngine

READS_PATH = """
    from cog import BaseRunner, Path

    class Runner(BaseRunner):
        def setup(self, weights: Path | None = None) -> None:
            self.words = weights.read_text() if weights else "untrained"

        def run(self) -> str:
            return self.words
    """
READS_FILE = """
    from cog import BaseRunner, File

    class Runner(BaseRunner):
        def setup(self, weights: File | None = None) -> None:
            self.words = weights.read().decode() if weights else "untrained"

        def run(self) -> str:
            return self.words
    """
READS_ADDRESS = """
    from urllib.request import urlopen
    from cog import BaseRunner

    class Runner(BaseRunner):
        def setup(self, weights: str | None = None) -> None:
            self.words = urlopen(weights).read().decode() if weights else "untrained"

        def run(self) -> str:
            return self.words
    """
READS_VARIABLE = """
    import os
    from urllib.request import urlopen

    def run() -> str:
        return urlopen(os.environ["COG_WEIGHTS"]).read().decode()
    """
FUNCTION = """
    from cog import Path

    def train(word: str) -> Path:
        Path("trained.txt").write_text(word)
        return Path("trained.txt")
    """

Project = Callable[..., str]


@pytest.fixture
def project(tmp_path: Path, cog_engine: RunningEngine) -> Project:
    """Registers a project by its sources; gives its version."""

    def registered(train: str | None, run: str | None = READS_PATH, target: str = "train") -> str:
        folder = tmp_path / "trainable"
        folder.mkdir()
        lines = []
        if run:
            (folder / "run.py").write_text(textwrap.dedent(run))
            lines.append(f'run: "run.py:{"Runner" if "class Runner" in run else "run"}"')
        if train:
            (folder / "train.py").write_text(textwrap.dedent(train))
            lines.append(f'train: "train.py:{target}"')
        (folder / "cog.yaml").write_text("\n".join(lines) + "\n")
        return cog_engine.register(folder)

    return registered


def trained(engine: RunningEngine, version: str, **given: Any) -> dict[str, Any]:
    return engine.ended(engine.train(version, "school/taught", given or {"word": "dino"}))


def says(engine: RunningEngine, training: dict[str, Any]) -> Any:
    """What the version that the training made answers."""
    assert training["status"] == "succeeded", training["error"] + training["logs"]
    return engine.ended(engine.create(training["output"]["version"]))["output"]


TRAIN = {
    "a function that gives a Path": (FUNCTION, "train"),
    "a function that gives a File": (
        """
        import io
        from cog import File

        def train(word: str) -> File:
            return io.StringIO(word)
        """,
        "train",
    ),
    "a function that gives text": (
        """
        def train(word: str) -> str:
            return word
        """,
        "train",
    ),
    "an async function": (
        """
        import asyncio
        from cog import Path

        async def train(word: str) -> Path:
            await asyncio.sleep(0)
            Path("trained.txt").write_text(word)
            return Path("trained.txt")
        """,
        "train",
    ),
    "a class with setup and train": (
        """
        from cog import Path

        class Trainer:
            def setup(self) -> None:
                self.name = "trained.txt"

            def train(self, word: str) -> Path:
                Path(self.name).write_text(word)
                return Path(self.name)
        """,
        "Trainer",
    ),
    "a function that gives an object": (
        """
        from cog import BaseModel, Path

        class TrainingOutput(BaseModel):
            weights: Path

        def train(word: str) -> TrainingOutput:
            Path("trained.txt").write_text(word)
            return TrainingOutput(weights=Path("trained.txt"))
        """,
        "train",
    ),
    "a function that gives anything": (
        """
        from typing import Any
        from cog import Path

        def train(word: str) -> Any:
            Path("trained.txt").write_text(word)
            return {"weights": Path("trained.txt")}
        """,
        "train",
    ),
}


@pytest.mark.parametrize(("source", "target"), TRAIN.values(), ids=TRAIN)
def test_train_may_be(cog_engine: RunningEngine, project: Project, source: str, target: str) -> None:
    training = trained(cog_engine, project(source, target=target))

    assert says(cog_engine, training) == "dino"
    assert httpx.get(training["output"]["weights"]).text == "dino"
    assert training["output"].keys() == {"version", "weights"}


READERS = {
    "a path": READS_PATH,
    "an open file": READS_FILE,
    "an address": READS_ADDRESS,
    "the variable COG_WEIGHTS": READS_VARIABLE,
}


@pytest.mark.parametrize("source", READERS.values(), ids=READERS)
def test_weights_reach_the_model_as(cog_engine: RunningEngine, project: Project, source: str) -> None:
    training = trained(cog_engine, project(FUNCTION, source))

    assert says(cog_engine, training) == "dino"


@pytest.mark.parametrize("source", [READS_PATH, READS_FILE, READS_ADDRESS], ids=["path", "file", "address"])
def test_without_a_training_there_are_no_weights(
    cog_engine: RunningEngine, project: Project, source: str
) -> None:
    prediction = cog_engine.create(project(FUNCTION, source), wait=True)

    assert prediction["output"] == "untrained"


def test_weights_lie_in_the_replica_s_own_folder(cog_engine: RunningEngine, project: Project) -> None:
    source = READS_PATH.replace("weights.read_text()", "str(weights)")
    training = trained(cog_engine, project(FUNCTION, source))

    place = Path(says(cog_engine, training))

    assert place.name == "trained.txt"
    assert place.is_relative_to(cog_engine.folder)


def test_what_an_object_tells_beside_its_weights_is_kept(cog_engine: RunningEngine, project: Project) -> None:
    source = """
        from cog import BaseModel, Path

        class TrainingOutput(BaseModel):
            weights: Path
            loss: float
            samples: list[Path]

        def train(word: str) -> TrainingOutput:
            Path("trained.txt").write_text(word)
            Path("sample.txt").write_text("a sample")
            return TrainingOutput(weights=Path("trained.txt"), loss=0.5, samples=[Path("sample.txt")])
        """

    output = trained(cog_engine, project(source))["output"]

    assert output.keys() == {"version", "weights", "loss", "samples"}
    assert output["loss"] == 0.5
    assert [httpx.get(address).text for address in output["samples"]] == ["a sample"]


def test_a_training_that_fails_says_why_and_makes_nothing(
    cog_engine: RunningEngine, project: Project
) -> None:
    source = """
        from cog import Path

        def train(word: str) -> Path:
            print("step 1 loss=nan")
            raise RuntimeError("the loss is not a number")
        """

    training = cog_engine.ended(cog_engine.train(project(source), "school/failed", {"word": "dino"}))

    assert (training["status"], training["error"]) == ("failed", "the loss is not a number")
    assert training["output"] is None
    assert "step 1 loss=nan\n" in training["logs"]
    assert 'raise RuntimeError("the loss is not a number")' in training["logs"]
    assert cog_engine.http.get("/v1/models/school/failed").status_code == 404


def test_a_training_whose_process_dies_has_failed(cog_engine: RunningEngine, project: Project) -> None:
    source = """
        import os
        from cog import Path

        def train(word: str) -> Path:
            os._exit(3)
        """

    training = trained(cog_engine, project(source))

    assert training["status"] == "failed"
    assert training["error"] == "the model's process crashed (exit status 3)"


def test_a_setup_that_fails_fails_the_training(cog_engine: RunningEngine, project: Project) -> None:
    source = """
        from cog import Path

        class Trainer:
            def setup(self) -> None:
                raise FileNotFoundError("no base model")

            def train(self, word: str) -> Path:
                return Path("trained.txt")
        """

    training = trained(cog_engine, project(source, target="Trainer"))

    assert training["status"] == "failed"
    assert "no base model" in training["error"]


def test_a_thousand_lines_are_all_in_the_logs(cog_engine: RunningEngine, project: Project) -> None:
    source = """
        from cog import Path

        def train(steps: int) -> Path:
            for step in range(steps):
                print(f"step {step}/{steps} loss={1 / (1 + step):.4f}")
            Path("trained.txt").write_text("long")
            return Path("trained.txt")
        """

    training = trained(cog_engine, project(source), steps=1000)

    assert training["logs"].splitlines() == [f"step {n}/1000 loss={1 / (1 + n):.4f}" for n in range(1000)]


@pytest.mark.parametrize(
    ("gives", "error"),
    [
        ('Path("nowhere.bin")', "the model returned a file that does not exist: nowhere.bin"),
        ("None", "train() gave no weights"),
        ("[]", "train() gave no weights"),
        ('{"loss": 1}', "train() gave no weights"),
        ('{"weights": 5}', "train() gave no weights"),
    ],
)
def test_a_training_without_weights_has_failed(
    cog_engine: RunningEngine, project: Project, gives: str, error: str
) -> None:
    source = f"""
        from typing import Any
        from cog import Path

        def train(word: str) -> Any:
            return {gives}
        """

    training = cog_engine.ended(cog_engine.train(project(source), "school/nothing", {"word": "dino"}))

    assert (training["status"], training["output"]) == ("failed", None)
    assert training["error"].startswith(error)
    assert cog_engine.http.get("/v1/models/school/nothing").status_code == 404


@pytest.mark.parametrize("annotation", ["int", "list[Path]", "Loss"])
def test_a_train_that_can_give_no_weights_is_not_begun(
    cog_engine: RunningEngine, project: Project, annotation: str
) -> None:
    source = f"""
        from cog import BaseModel, Path

        class Loss(BaseModel):
            loss: float

        def train(word: str) -> {annotation}:
            return None
        """
    model, _, id = project(source).partition(":")

    answer = cog_engine.http.post(
        f"/v1/models/{model}/versions/{id}/trainings",
        json={"destination": "school/x", "input": {"word": "dino"}},
    )

    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("train() gives no weights: ")


def test_without_train_in_cog_yaml_there_is_no_training(cog_engine: RunningEngine, project: Project) -> None:
    model, _, id = project(None).partition(":")

    answer = cog_engine.http.post(
        f"/v1/models/{model}/versions/{id}/trainings",
        json={"destination": "school/x", "input": {"word": "dino"}},
    )

    assert (answer.status_code, answer.json()["hint"]) == (422, "train: train.py:train")


def test_without_run_in_cog_yaml_there_is_a_training_and_no_prediction(
    cog_engine: RunningEngine, project: Project
) -> None:
    training = trained(cog_engine, project(FUNCTION, run=None))

    body = {"version": training["output"]["version"], "input": {}}
    answer = cog_engine.http.post("/v1/predictions", json=body)

    assert training["status"] == "succeeded"
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "This version makes no predictions: its cog.yaml has no run",
    )


def test_a_training_gets_files_lists_and_defaults_like_a_run(
    cog_engine: RunningEngine, project: Project
) -> None:
    source = """
        from cog import Input, Path, Secret

        def train(
            books: list[Path],
            key: Secret,
            mood: str = Input(choices=["calm", "loud"], default="calm"),
            rounds: int = Input(default=2, ge=1),
        ) -> Path:
            words = [book.read_text() for book in books] * rounds
            Path("trained.txt").write_text(f"{mood} {key.get_secret_value()} {' '.join(words)}")
            return Path("trained.txt")
        """

    training = trained(cog_engine, project(source), books=["data:,a", "data:,b"], key="k-1")

    assert says(cog_engine, training) == "calm k-1 a b a b"
    assert training["input"]["key"] == "**********"


def test_a_canceled_training_gets_the_exception_and_ends(cog_engine: RunningEngine, project: Project) -> None:
    source = """
        import time
        from cog import CancelationException, Path

        def train(word: str) -> Path:
            try:
                print("begun")
                while True:
                    time.sleep(0.01)
            except CancelationException:
                print("saved a checkpoint")
                raise
        """
    training = cog_engine.train(project(source), "school/canceled", {"word": "dino"})
    cog_engine.wait_for(training, "begun")

    cog_engine.http.post(training["urls"]["cancel"])

    ended = cog_engine.ended(training)
    assert (ended["status"], ended["logs"]) == ("canceled", "begun\nsaved a checkpoint\n")
    cog_engine.until(lambda: cog_engine.replica("trainable") is None)


def test_a_training_writes_beside_itself_and_leaves_its_project_as_it_was(
    cog_engine: RunningEngine, project: Project
) -> None:
    source = """
        from cog import Path

        def train(word: str) -> Path:
            seen = Path("notes.txt").exists()
            Path("notes.txt").write_text(word)
            Path("trained.txt").write_text(f"{word} {seen}")
            return Path("trained.txt")
        """
    version = project(source)

    heard = [says(cog_engine, trained(cog_engine, version, word=word)) for word in ("one", "two")]

    assert heard == ["one False", "two False"]
