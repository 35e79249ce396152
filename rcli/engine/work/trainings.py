"""What trainings come to: the weights that one puts out make a version of the model that it was made for."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rcli.engine.data.catalog import Catalog, Version
from rcli.engine.data.files import File, Files, plain, referenced
from rcli.engine.data.variables import NONE
from rcli.engine.problems import Problem
from rcli.engine.work.live import Made

NAME = "weights"
"""The field that holds them, and the file's name where a training puts out text, as with ``cog train``."""

UNFIT = (
    "train() {does} no weights: a version is made of a file or a text, or of the field weights of an object"
)


class Trainings:
    """A trained version is its base with other weights: the same files, environment and schema."""

    def __init__(self, catalog: Catalog, files: Files) -> None:
        self._catalog = catalog
        self._files = files

    async def conclude(self, base: Version, destination: str, output: Any) -> Made:
        """``output`` has references in place of files; all its fields stay. Raises Problem, OSError."""
        fields = output if isinstance(output, dict) else {NAME: output}
        file = await self._file(fields.get(NAME))
        version, weights = self._version(base, destination, file)
        told = {**fields, NAME: weights.reference, "version": f"{destination}:{version.id}"}

        def keep() -> None:
            self._catalog.add_model(version.owner, version.name, None)
            self._catalog.add_version(version)
            self._files.keep_as_weights(weights)

        return Made(told, keep)

    async def _file(self, weights: Any) -> File:
        if not isinstance(weights, str):
            raise Problem(422, UNFIT.format(does="gave"))
        file_id = referenced(weights)
        if file_id is None:
            with self._files.arriving() as part:
                part.write_text(plain(weights), encoding="utf-8")
                return await self._files.adopt(part, kind="output", name=NAME)
        file = self._files.get(file_id)
        if file is None:
            raise Problem(422, "the weights were removed before a version was made of them")
        return file

    def _version(self, base: Version, destination: str, file: File) -> tuple[Version, File]:
        """The version and its weights; what was trained to the same before becomes the latest again."""
        owner, _, name = destination.partition("/")
        version_id = hashlib.sha256(f"{base.id} {file.sha256}".encode()).hexdigest()
        former = self._catalog.version(owner, name, version_id)
        if former is not None and former.weights and (weights := self._files.get(former.weights)):
            return former, weights
        made = replace(base, owner=owner, name=name, id=version_id, weights=file.id, variables=NONE)
        return replace(made, created_at=time.time()), file


def check_trainable(version: Version) -> None:
    """Raises Problem 422 for a version without train, and for one whose train gives no weights."""
    schemas: Mapping[str, Any] = version.document["components"]["schemas"]
    if "TrainingInput" not in schemas:
        raise Problem(
            422,
            f"This version of {version.model} cannot be trained: its cog.yaml has no train",
            title="Version not trainable",
            hint="train: train.py:train",
        )
    output = schemas["TrainingOutput"]
    fields = output.get("properties")
    if output.get("type") not in ("string", "object") or (fields is not None and NAME not in fields):
        raise Problem(422, UNFIT.format(does="gives"), title="Version not trainable")
