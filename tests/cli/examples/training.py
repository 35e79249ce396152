"""Trainings, from a folder of data to the version that is made of it."""

from __future__ import annotations

from itertools import product

import pytest
from PIL import Image

from tests.cli.conftest import PROJECTS, Shell
from tests.cli.examples.projects import SDXL
from tests.cli.examples.trial import Trial, listed

NAMES = listed("""
    train, trainings list, trainings show, trainings watch, trainings logs
    trainings wait, trainings open, trainings cancel
""")
DINOSAURS = product(("Tyranno", "Bronto", "Stego", "Allo", "Mega"), "aeiou", ("saurus", "don"))


@pytest.fixture
def training(shell: Shell) -> Trial:
    trial, gate = Trial(shell), shell.cwd / "gate"
    (shell.cwd / "names.txt").write_text("\n".join(map("".join, DINOSAURS)))
    (shell.cwd / "pics").mkdir()
    Image.new("RGB", (8, 8), "lime").save(shell.cwd / "pics" / "a.png")

    def begin() -> None:
        gate.unlink(missing_ok=True)
        trial.run("train", str(PROJECTS / "coach"), f"until={gate}", "--destination", "local:me/one", "-d")

    def follow(argv: list[str]) -> None:
        process = trial.start(argv)
        process.until(lambda process: "warming up" in process.stderr + process.stdout.decode())
        gate.touch()
        assert process.end() == 0, process.stderr

    def wait(argv: list[str]) -> None:
        session = shell.terminal(*argv)
        session.shows("processing")
        gate.touch()
        assert session.end() == 0, session.text
        assert "me/one:" in session.text

    trial.before = {
        "rcli train stability-ai/sdxl -i input_images=@pics/ --destination me/sdxl-me": lambda: trial.run(
            "push", str(SDXL), "local:stability-ai/sdxl"
        ),
        "rcli trainings watch": begin,
        "rcli trainings logs last -f": begin,
        "rcli trainings wait --timeout 1h": begin,
        "rcli trainings cancel last": begin,
    }
    trial.ways = {
        "rcli trainings watch": follow,
        "rcli trainings logs last -f": follow,
        "rcli trainings wait --timeout 1h": wait,
    }
    trial.gives = {
        "rcli train stability-ai/sdxl -i input_images=@pics/ --destination me/sdxl-me": "me/sdxl-me:",
        "rcli trainings open last": "http://127.0.0.1:",
    }
    return trial
