"""Where a prediction's output goes: to stdout, to a file, or into the managed folder."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from rcli.app import App
from rcli.cli.steps.request.giving import AS_WRITTEN, Giving
from rcli.cli.steps.results.finish import PLAIN, Finish, about, open_first, open_page, preview
from rcli.cli.steps.work.following import sum_up
from rcli.errors import RcliError, UsageError
from rcli.records import NO_TERMS, Json, Overrides, Prediction, Terms
from rcli.services.models import schema
from rcli.services.results import formats, outputs, provenance
from rcli.services.results.naming import Names
from rcli.services.results.outputs import Result, Saved
from rcli.services.work.phases import Course
from rcli.services.work.predict import Running
from rcli.settings import LOCAL
from rcli.ui import views
from rcli.ui.live import Display

STDOUT = "-"
_CHUNK = 1 << 20
_HEAD = 4096
_AS_IT_IS = Overrides()


@dataclass(frozen=True)
class Wishes:
    """What the user wants of the output; ``target`` is a path, or ``-`` for stdout; ``logs``: on stderr too.
    What is left running by ``detach`` is shown by its id, or ``whole``.

    ``overrides`` are for the project in a folder, as ``file`` is; ``variables`` for the model's process, as
    ``-e`` writes them.
    """

    file: str = "cog.yaml"
    overrides: Overrides = _AS_IT_IS
    variables: tuple[str, ...] = field(default=(), repr=False)
    streams: bool = False
    detach: bool = False
    whole: bool = False
    target: str | None = None
    folder: Path | None = None
    terms: Terms = NO_TERMS
    logs: bool = False
    giving: Giving = AS_WRITTEN
    finish: Finish = PLAIN
    locked: bool = False

    @property
    def where(self) -> str:
        """The options that say where the output goes, as they are typed."""
        options = (("-o", self.target), ("--output-dir", self.folder))
        return "".join(f" {name} {shlex.quote(str(value))}" for name, value in options if value is not None)


@dataclass
class Delivery:
    """One prediction's output on its way to the user."""

    app: App
    running: Running
    document: Json
    host: str
    wishes: Wishes
    was_printed: bool = False
    course: Course = field(default_factory=Course)
    _saved: tuple[Saved, ...] = field(default=())
    _kept: Saved | None = None
    _has_stream: bool = field(init=False)

    def __post_init__(self) -> None:
        self._has_stream = "stream" in self.prediction.urls  # at its end a prediction may name none

    @property
    def prediction(self) -> Prediction:
        return self.running.prediction

    @property
    def saved(self) -> tuple[Saved, ...]:
        """The files that were saved, all of them or none; of a stream the text that was kept."""
        return self._saved or ((self._kept,) if self._kept else ())

    @property
    def _paths(self) -> list[Path]:
        return [each.path for each in self._saved]

    @property
    def tells_events(self) -> bool:
        """``stream --json``: every event is a line."""
        return self.wishes.streams and self.app.flags.wants_json

    def prints(self, text: str) -> bool:
        """Whether a piece of text goes to stdout as it comes."""
        return self._kind == "text-stream" or (self._kind == "unknown" and not self._is_file(text))

    @cached_property
    def _kind(self) -> str | None:
        """What comes piece by piece; a stream of which nothing is known is one of text, or of files."""
        if self.app.flags.wants_json or self.app.flags.quiet or self.wishes.target not in (None, STDOUT):
            return None
        kind = schema.output_kind(self.document)
        streams = self.wishes.streams and self._has_stream
        return kind if kind == "text-stream" or (kind == "unknown" and streams) else None

    def _is_file(self, text: str) -> bool:
        return bool(outputs.plan(text, {}, self.running.api.client.host.url).files)

    @cached_property
    def result(self) -> Result:
        return outputs.plan(self.prediction.output, self.document, self.running.api.client.host.url)

    def open_page(self) -> None:
        """As it was asked for: from then on the browser shows what happens."""
        if self.wishes.finish.web:
            open_page(self.app, self.prediction.urls.get("web") if self.host != LOCAL else None)

    def save(self, display: Display) -> None:
        """Saves the files. Raises RcliErrors, after everything that could be saved was saved."""
        if self.prediction.data_removed and self.prediction.output is None:
            raise RcliError(f"the service has removed the output of prediction {self.prediction.id}")
        if self.wishes.target == STDOUT and not self._is_too_much_for_stdout:
            return

        def progress(done: int, total: int | None) -> None:
            of = f" of {views.size(total)}" if total else ""
            display.phase("saving", f"{views.size(done)}{of}", done / total if total else None)

        target = self.wishes.target if self.wishes.target != STDOUT else None
        self._saved = outputs.save(
            self.running.api.client,
            self.result,
            self._folder,
            target=self.app.cwd / target if target else None,
            origin=None if self.wishes.folder else self._origin,
            names=self._names,
            embedded=self._embedded,
            progress=progress,
        )
        self._keep_text()

    def _keep_text(self) -> None:
        """What was streamed is kept, too; that it cannot be is no reason to fail."""
        if not (self.wishes.streams and self._is_remembered):
            return
        try:
            self._kept = outputs.keep_text(
                self.running.api.client, self.result, self._managed_folder, self._origin
            )
        except RcliError as exc:
            self.app.screen.warning(exc.message)

    def show(self) -> None:
        """Data to stdout: the text, the paths, the JSON, or the id; a summary for a person to stderr."""
        if self.app.flags.wants_json:
            self.show_record()
            for saved in self._saved:
                self.app.screen.say(str(saved.path))
        elif self.wishes.target == STDOUT:
            self._show_on_stdout()
        elif self._saved or self.app.flags.quiet:
            self._show_paths()
        elif not self.was_printed:
            self._show_value()
        self.app.screen.end_text()
        if self.wishes.finish.opens:
            open_first(self.app, self._paths)
        sum_up(self.app, self.running, self.course, self._where())

    def _where(self) -> str | None:
        """Where the output went, if that is not to be seen anyway."""
        match self._saved:
            case (one,):
                return f"saved as {one.path}"
            case (one, *_):
                return f"{len(self._saved)} files in {one.path.parent}"
        if self._kept:
            return f"saved as {self._kept.path}"
        return None if self.app.screen.is_terminal else "output on stdout"

    def show_record(self) -> None:
        """The API's own JSON, if it is asked for and was not told as events."""
        if self.app.flags.wants_json and not self.tells_events:
            self.app.screen.json(self.prediction.raw)

    @property
    def _folder(self) -> Path:
        if self.wishes.folder:
            return self.app.cwd / self.wishes.folder
        return self._managed_folder

    @property
    def _managed_folder(self) -> Path:
        return self.app.settings.outputs / outputs.folder_name(self.prediction)

    @property
    def _is_remembered(self) -> bool:
        return bool(self.app.settings.get("library").value != "off")

    @cached_property
    def _origin(self) -> Json:
        return provenance.told(self.prediction, self.host, self.document)

    @property
    def _embedded(self) -> Json | None:
        return self._origin if self.wishes.finish.embeds else None

    @property
    def _names(self) -> Names | None:
        template = self.wishes.finish.template
        return template.of(self.prediction, len(self.result.files)) if template else None

    def _show_paths(self) -> None:
        if self.result.kind == "json" and not self.app.flags.quiet:
            self.app.screen.json(outputs.localized(self.result.output, self._saved))
            preview(self.app, self.wishes.finish, self._paths)
            return
        for saved in self._saved:
            self.app.screen.path(saved.path)
            told = about(saved.path) if self.app.screen.speaks else None
            self.app.screen.note(", ".join(filter(None, (told, views.size(saved.size)))))
        preview(self.app, self.wishes.finish, self._paths)
        if not self._saved:
            self.app.screen.line(self.prediction.id)

    def _show_value(self) -> None:
        match self.result.kind:
            case "text":
                self.app.screen.text(self.result.text or "")
            case "nothing":
                self.app.screen.note("the model gave no output")
            case _:
                self.app.screen.json(self.result.output)

    @property
    def _is_too_much_for_stdout(self) -> bool:
        """Whether ``-o -`` has to save all the same: several files, or one on a terminal."""
        return len(self.result.files) > (0 if self.app.screen.is_terminal else 1)

    def _show_on_stdout(self) -> None:
        if not self.result.files:
            if not self.was_printed:
                self._show_value()
        elif len(self.result.files) > 1:
            raise UsageError(
                f"the output is {len(self._saved)} files, not one for stdout",
                hint=f"they are in {self._folder}",
            )
        elif self.app.screen.is_terminal:
            self._show_on_terminal()
        else:
            self.app.screen.bytes(self._bytes())

    def _show_on_terminal(self) -> None:
        """The one file, which is saved: text is printed as well, of anything else the path."""
        (saved,) = self._saved
        with saved.path.open("rb") as file:
            head = file.read(_HEAD)
        if formats.is_text(head) and not saved.content_type.startswith("image/"):
            self.app.screen.text(saved.path.read_text(encoding="utf-8", errors="replace"))
            return
        self.app.screen.warning("binary data does not go to a terminal: it is saved")
        self._show_paths()

    def _bytes(self) -> Iterator[bytes]:
        """The one file, fetched whole before its first byte goes on: a broken download prints nothing."""
        with tempfile.TemporaryDirectory(prefix="rcli-") as folder:
            client = self.running.api.client
            target = Path(folder) / "output"
            (saved,) = outputs.save(client, self.result, Path(folder), target=target, embedded=self._embedded)
            with saved.path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
