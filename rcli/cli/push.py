"""``rcli push``: a folder becomes a version of a model, on this machine or on Replicate."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from rcli.app import App
from rcli.cli.options import world
from rcli.cli.run import ProjectFile
from rcli.errors import Interrupted, UsageError
from rcli.records import Project
from rcli.references import FolderReference, ModelReference, is_folder, is_of_replicate
from rcli.services.models import schema
from rcli.services.projects.push import Refused, Registered
from rcli.settings import LOCAL, REPLICATE
from rcli.ui import views
from rcli.ui.views import SHORT

_EXAMPLE = "rcli push . local:me/model"
_SHOWN = 3
"""How many of the files that changed are named."""

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FOLDER] [HOST:]OWNER/NAME", help="The Cog project, if not this folder; and the model."
    ),
]


def push(
    ctx: typer.Context,
    words: Words = None,
    file: ProjectFile = "cog.yaml",
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Stay, and register each change (this machine only).")
    ] = False,
) -> None:
    """Make a Cog project a version of a model: on this machine, or on Replicate with the help of cog.

    On this machine the model is made if there is none, and keeps a copy: the folder may change or go.
    For Replicate (r8.im/owner/name) Docker and the program cog are needed; both are looked at first.

    \b
    Examples: rcli push . local:me/model
              rcli push ./my-model local:me/model --watch
              rcli push . r8.im/me/model
    """
    app = world(ctx)
    folder, model = _words(app, words or [])
    host, reference = _destination(app, model or _named_by(app, folder, file))
    app.screen.note(f"{host} · {reference.full_name}")
    if host == LOCAL:
        (_watch if watch else _register)(app, folder, file, reference.full_name)
    elif watch:
        raise UsageError("--watch registers on this machine alone", hint=f"{_EXAMPLE} --watch")
    else:
        raise typer.Exit(_publish(app, folder, file, reference))


def _words(app: App, words: list[str]) -> tuple[Path, str | None]:
    """The folder, and the model if one is named. Raises UsageError."""
    match words:
        case []:
            return app.cwd, None
        case [one] if is_folder(one):
            return _folder(app, one), None
        case [model]:
            return app.cwd, model
        case [folder, model]:
            return _folder(app, folder if is_folder(folder) else f"./{folder}"), model
    raise UsageError(f"{words[2]!r} is too much: a folder and a model are all", hint=_EXAMPLE)


def _folder(app: App, text: str) -> Path:
    _, reference = app.parse(text)
    assert isinstance(reference, FolderReference)
    return reference.path


def _named_by(app: App, folder: Path, file: str) -> str:
    """The model of a project whose cog.yaml names its image, as for ``cog push``."""
    from rcli.services.projects import publish

    return publish.destination(app.engine().check(folder, file)["image"])


def _destination(app: App, text: str) -> tuple[str, ModelReference]:
    """Raises UsageError for what is no model's name, and for a host that takes no folders."""
    prefix, reference = app.parse(text)
    if not isinstance(reference, ModelReference) or reference.version:
        raise UsageError(f"{text!r} is no model to push to", hint=_EXAMPLE)
    host = app.host_for(prefix or (REPLICATE if is_of_replicate(text) else None), reference)
    if host not in (LOCAL, REPLICATE):
        app.named_host(host)
        raise UsageError(
            f"{host} takes no folders: a version comes there through a registry, which rcli does not know",
            hint=f"rcli push . {LOCAL}:{reference.full_name}",
        )
    return host, reference


def _register(app: App, folder: Path, file: str, model: str) -> None:
    with app.screen.display(f"{LOCAL} · {model}") as display:
        display.phase("checking", f"{file} and the schema")
        engine = app.engine()
        checked = engine.check(folder, file)
        taken = f"{checked['files']} files, {views.size(checked['size_bytes'])}"
        display.phase("registering", f"{taken}, and what its environment needs")
        project = engine.push(folder, file, model)
    app.screen.note(f"{taken} · {_inputs(project)} · the environment can be made")
    _warn(app, project)
    if project.change == "unchanged":
        app.screen.say(f"unchanged: {model} has this version already")
    _show(app, project)
    app.screen.note(f"rcli run {LOCAL}:{model}{_required(project)}")


def _watch(app: App, folder: Path, file: str, model: str) -> None:
    from rcli.services.projects import push as pushing

    def register(former: Sequence[str]) -> Project:
        app.close()  # the engine of an hour ago may have gone to sleep, and another one started
        return app.engine().push(folder, file, model, former)

    last = None
    try:
        for event in pushing.watch(folder, file, register):
            if isinstance(event, Refused):
                app.screen.error(event.error)
            else:
                if last is None:
                    _warn(app, event.project)
                    app.screen.note(f"watching {folder} (Ctrl-C ends)")
                last = event.project
                _tell(app, event)
    except Interrupted as exc:
        app.screen.note("")  # the terminal has written ^C
        exc.hint = f"{model}:{last.version.id[:SHORT]} stays" if last else "nothing was registered"
        raise


def _publish(app: App, folder: Path, file: str, reference: ModelReference) -> int:
    """Looks at everything that ``cog push`` will need, then leaves the terminal to it."""
    from rcli.services import engine_process
    from rcli.services.projects import publish

    with app.screen.display(f"{REPLICATE} · {reference.full_name}") as display:
        if engine_process.runs_here():  # elsewhere Cog alone reads the project
            display.phase("checking", f"{file} and the schema")
            app.engine().check(folder, file)
        display.phase("checking", "Docker")
        publish.check_docker(app.environ)
        display.phase("checking", "cog")
        cog = publish.find_cog(app.environ)
        publish.check_login(app.environ)
        display.phase("checking", "the model")
        publish.check_model(app.connect(REPLICATE), reference)
    app.screen.note(f"{cog} push takes over")
    app.screen.finish()
    return publish.hand_over(cog, folder, file, reference, app.environ, app.signals)


def _show(app: App, project: Project) -> None:
    if app.flags.wants_json:
        app.screen.json(project.version.raw)
    elif app.flags.quiet:
        app.screen.line(project.version.id)
    else:
        app.screen.line(f"{project.model}:{project.version.id}")


def _tell(app: App, event: Registered) -> None:
    """One line for each version: when, which, and what has changed."""
    project = event.project
    at = time.localtime(event.at)
    if app.flags.wants_json:
        app.screen.event(
            {
                "event": "registered",
                "at": time.strftime("%Y-%m-%dT%H:%M:%S%z", at),
                "change": project.change,
                "changed": list(event.changed),
                "model": project.model,
                "version": project.version.raw,
            }
        )
    elif app.flags.quiet:
        app.screen.line(project.version.id)
    else:
        gap, length = ("  ", SHORT) if app.screen.is_terminal else ("\t", None)
        version = f"{project.model}:{project.version.id[:length]}"
        app.screen.line(gap.join([time.strftime("%H:%M:%S", at), version, _named(event.changed)]).rstrip())


def _named(changed: Sequence[str]) -> str:
    more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
    return ", ".join(changed[:_SHOWN]) + more


def _warn(app: App, project: Project) -> None:
    for warning in project.warnings:
        app.screen.warning(warning)


def _inputs(project: Project) -> str:
    number = len(schema.input_fields(project.version.schema))
    return f"{number} input{'' if number == 1 else 's'}"


def _required(project: Project) -> str:
    fields = schema.input_fields(project.version.schema)
    return "".join(f" -i {field.name}=…" for field in fields if field.required)
