"""What is advised for the errors that models are known for; the texts are those that the packages print."""

from __future__ import annotations

import pytest

from rcli.engine.runtime.hints import (
    NO_GPU,
    NO_MODULE,
    OLD_NUMPY,
    OLDER_COG,
    WEIGHTS,
    explained,
    hint_for,
)

NO_FOLDER = "there is no folder ./model: put the model's files there (a .dockerignore may leave them out)"


@pytest.mark.parametrize(
    ("told", "hint"),
    [
        ("RuntimeError: Found no NVIDIA driver on your system. Please check that you have an NVIDIA", NO_GPU),
        ("AssertionError: Torch not compiled with CUDA enabled", NO_GPU),
        ("RuntimeError: No CUDA GPUs are available", NO_GPU),
        ("RuntimeError: Cannot access accelerator device when none is available.", NO_GPU),
        (
            "RuntimeError: Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is"
            " False. If you are running on a CPU-only machine, please use torch.load with map_location",
            NO_GPU,
        ),
        ("RuntimeError: Numpy is not available", OLD_NUMPY),
        ("AttributeError: _ARRAY_API not found", OLD_NUMPY),
        (
            "A module that was compiled using NumPy 1.x cannot be run in\nNumPy 2.4.6 as it may crash.",
            OLD_NUMPY,
        ),
        ("ValueError: numpy.dtype size changed, may indicate binary incompatibility.", OLD_NUMPY),
        ("OSError: Incorrect path_or_model_id: './model'. Please provide either the path to", NO_FOLDER),
        (
            "huggingface_hub.errors.HFValidationError: Repo id must use alphanumeric chars, '-', '_' or '.'."
            " The name cannot start or end with '-' or '.' and the maximum length is 96: './model'.",
            NO_FOLDER,
        ),
        (
            "huggingface_hub.utils._validators.HFValidationError: Repo id must be in the form 'repo_name' or"
            " 'namespace/repo_name': './model'. Use `repo_type` argument if needed.",
            NO_FOLDER,
        ),
        ("OSError: ./model is not a local folder and is not a valid model identifier", NO_FOLDER),
        ("ImportError: cannot import name 'Weights' from 'cog.types' (/x/cog/types.py)", WEIGHTS),
        ("ImportError: cannot import name 'Files' from 'cog' (/x/cog/__init__.py)", OLDER_COG),
        ("AttributeError: module 'cog' has no attribute 'server'", OLDER_COG),
        ("ModuleNotFoundError: No module named 'six'", NO_MODULE),
        ("ValueError: gpt-x is not a local folder", None),
        ("ValueError: out of range", None),
        ("", None),
    ],
)
def test_an_error_that_is_known_has_a_hint_that_fits(told: str, hint: str | None) -> None:
    assert hint_for(f"Traceback (most recent call last):\n{told}\n") == hint


def test_the_models_own_words_stay_and_the_hint_follows_on_a_line_of_its_own() -> None:
    assert explained("Numpy is not available", "") == f"Numpy is not available\nhint: {OLD_NUMPY}"
    assert explained("no luck", "Traceback\nValueError: no luck") == "no luck"
