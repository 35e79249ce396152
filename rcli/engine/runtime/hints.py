"""What to do about the errors that old models and machines without a GPU are known for."""

from __future__ import annotations

import re

WEIGHTS = "cog.types.Weights is gone: write `setup(self, weights: cog.Path | str)` instead, with `import cog`"
OLDER_COG = "this project was written for an older Cog: see https://cog.run/python for what changed"
NO_GPU = 'PyTorch finds no GPU on this machine: write device=-1 (or "cpu") where the model is loaded'
OLD_NUMPY = "its packages were built for NumPy 1: run it with --with 'numpy<2'"
NO_MODEL = "there is no folder {0}: put the model's files there (a .dockerignore may leave them out)"
NO_MODULE = "name the package in cog.yaml under build: python_requirements"

HINTS = (
    (re.compile(r"cannot import name 'Weights' from 'cog"), WEIGHTS),
    (re.compile(r"module 'cog[.\w]*' has no attribute|cannot import name .* from 'cog"), OLDER_COG),
    (
        re.compile(
            r"Found no NVIDIA driver|Torch not compiled with CUDA enabled|No CUDA GPUs are available"
            r"|Cannot access accelerator device when none is available|CUDA error: no .*device"
            r"|deserialize object on a CUDA device but torch\.cuda\.is_available\(\) is False"
        ),
        NO_GPU,
    ),
    (
        re.compile(
            r"Numpy is not available|_ARRAY_API not found|compiled using NumPy 1\.x"
            r"|numpy\.dtype size changed|numpy\.core\.multiarray failed to import"
        ),
        OLD_NUMPY,
    ),
    (
        re.compile(
            r"(?:Incorrect path_or_model_id: |Repo id must .*: |Can't load \w+ for )'(\.{0,2}/[^']*)'"
            r"|'?(\.{0,2}/[^\s']*)'? is not a local folder"
        ),
        NO_MODEL,
    ),
    (re.compile(r"ModuleNotFoundError: "), NO_MODULE),
)


def hint_for(told: str) -> str | None:
    """What to do about an error, given its message, traceback and logs as one text; None if nobody knows."""
    for pattern, hint in HINTS:
        if found := pattern.search(told):
            return hint.format(*(group for group in found.groups() if group))
    return None


def explained(error: str, told: str) -> str:
    """A model's own error with the hint that fits it on a line of its own."""
    hint = hint_for(f"{told}\n{error}")
    return f"{error}\nhint: {hint}" if hint else error
