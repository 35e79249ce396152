"""``rcli config``: where the settings are, and what they say."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from functools import partial
from typing import Annotated

import typer

from rcli import credentials
from rcli import settings as keys
from rcli.app import App
from rcli.cli.options import Command, group, world
from rcli.errors import RcliError, UsageError
from rcli.paths import Paths
from rcli.records import Json
from rcli.settings import LOCAL, Host, Setting, Settings, editing
from rcli.settings.editing import Draft
from rcli.settings.keys import known_key

app = group("Read and change settings.")
hosts = group("Name the servers that commands can talk to.")
app.add_typer(hosts, name="host")

_EDITORS = ("nano", "vi")

Key = Annotated[str, typer.Argument(metavar="KEY", help="A setting; rcli config list shows all.")]
HostName = Annotated[str, typer.Argument(metavar="HOST", help="A host; rcli config host list shows all.")]


@app.command(cls=Command)
def path(ctx: typer.Context) -> None:
    """Print the path of the config file.

    Example: rcli config path
    """
    app = world(ctx)
    app.screen.line(str(Paths.from_environ(app.environ).config_file))  # a broken file has a path too


@app.command("list", cls=Command)
def list_(ctx: typer.Context) -> None:
    """List every setting with its value and where that came from, and the known hosts.

    With --json also what each is for, what it takes, and its default; rcli help settings tells it in words.

    Example: rcli config list
    """
    app = world(ctx)
    rows = [*app.settings.all(), *_hosts(app)]
    if app.flags.wants_json:
        app.screen.json([_documented(row) for row in rows])
    else:
        app.screen.table(("key", "value", "origin"), [(row.key, row.value, row.origin) for row in rows])


@app.command(cls=Command)
def get(ctx: typer.Context, key: Key) -> None:
    """Print the value of one setting; nothing when it is not set.

    Example: rcli config get engine.idle
    """
    app = world(ctx)
    setting = next((host for host in _hosts(app) if host.key == key), None) or app.settings.get(key)
    if app.flags.wants_json:
        app.screen.json(_documented(setting))
    elif setting.value is not None:
        app.screen.line(str(setting.value))


@app.command("set", cls=Command)
def set_(
    ctx: typer.Context,
    key: Key,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The new value; an empty one removes it.")],
) -> None:
    """Change one setting in the config file; comments and order stay.

    Example: rcli config set engine.idle 30m
    """
    app = world(ctx)
    if host := _host_url(key):
        keys.write(app.settings.paths, ("hosts", host, "url"), keys.base_url(value) if value else None)
    else:
        known = keys.find_key(key)
        typed = keys.parse_value(known, value) if value else None
        keys.write(app.settings.paths, keys.path_of(key), typed)
    app.screen.note(f"{key} is set in {app.settings.paths.config_file}")


@app.command(cls=Command)
def edit(ctx: typer.Context) -> None:
    """Open the config file in your editor ($VISUAL, else $EDITOR).

    You edit a copy, which takes the file's place only when every line of it is right.

    Example: rcli config edit
    """
    app = world(ctx)
    command = _editor(app)
    paths = Paths.from_environ(app.environ)  # a broken file is what this is for
    draft = editing.draft(paths)
    try:
        while not _edited(app, command, draft):
            pass
        is_changed = editing.accept(paths, draft)
    except UsageError:
        raise
    except BaseException:
        draft.discard()
        raise
    app.screen.note(f"{paths.config_file} {'is changed' if is_changed else 'stays as it was'}")


@hosts.command("add", cls=Command)
def add_host(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits and -.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="Its base URL, with /v1 or without.")],
) -> None:
    """Give the address of a server that speaks Replicate's API a name.

    Example: rcli config host add work https://models.example.com
    """
    app = world(ctx)
    keys.check_host_name(name)
    before = app.settings.hosts().get(name)
    if before and before.origin == "default":
        app.screen.warning(
            f"{name} is no longer {before.url}; rcli config host remove {name} takes that back"
        )
    address = keys.base_url(url)
    keys.write(app.settings.paths, ("hosts", name, "url"), address)
    app.screen.say(f"{name} is {address}; sign in: {credentials.sign_in_hint(Host(name, address, ''))}")


@hosts.command("list", cls=Command)
def list_hosts(ctx: typer.Context) -> None:
    """List the known hosts; the one that commands talk to when nothing else says has a star.

    Example: rcli config host list
    """
    app = world(ctx)
    used = app.default_host
    rows = [
        (LOCAL, "", "engine"),
        *((each.name, each.url, each.origin) for each in app.settings.hosts().values()),
    ]
    if app.flags.wants_json:
        app.screen.json(
            [
                {"name": name, "url": url or None, "origin": origin, "used": name == used}
                for name, url, origin in rows
            ]
        )
    elif app.flags.quiet:
        for name, *_ in rows:
            app.screen.line(name)
    else:
        table = [(name, "*" if name == used else "", url, origin) for name, url, origin in rows]
        app.screen.table(("name", "used", "url", "origin"), table)


@hosts.command("use", cls=Command)
def use_host(ctx: typer.Context, name: HostName) -> None:
    """Make a host the one that commands talk to when nothing else says.

    Example: rcli config host use local
    """
    app = world(ctx)
    if name != LOCAL:
        app.named_host(name)
    keys.write(app.settings.paths, ("host",), name)
    app.screen.say(f"commands talk to {name} unless they say otherwise")
    stronger = app.settings.get("host")
    if stronger.origin not in ("default", str(app.settings.paths.config_file)) and stronger.value != name:
        app.screen.warning(f"{stronger.origin} says {stronger.value}, and wins")


@hosts.command("remove", cls=Command)
def remove_host(ctx: typer.Context, name: HostName) -> None:
    """Forget a host, and the tokens for its address.

    Example: rcli config host remove work
    """
    app = world(ctx)
    kept = app.settings.user.get("hosts", {})
    if name not in kept:
        app.named_host(name) if name != LOCAL else None
        raise UsageError(f"{name} comes with rcli and cannot be removed")
    url = keys.base_url(kept[name]["url"])
    shared = [other for other, table in kept.items() if other != name and keys.base_url(table["url"]) == url]
    for account in [] if shared else credentials.kept_for(app.settings, Host(name, url, "")):
        credentials.forget(Settings.read(app.environ, app.cwd), Host(name, url, ""), account.account)
        app.screen.say(
            f"signed out of {name} as {account.account}" if account.account else f"signed out of {name}"
        )
    if app.settings.user.get("host") == name:
        keys.write(app.settings.paths, ("host",), None)
    keys.write(app.settings.paths, ("hosts", name, "url"), None)
    app.screen.say(f"{name} is forgotten")


def _documented(setting: Setting) -> Json:
    """A setting with all that is known of it; a host's address has no more than itself."""
    told: Json = {"key": setting.key, "value": setting.value, "origin": setting.origin}
    if key := known_key(setting.key):
        told |= {"about": key.about, "kind": key.kind, "default": key.default}
        told |= {"choices": list(key.choices)} if key.choices else {}
        told |= {"variable": key.variable} if key.variable else {}
    return told


def _editor(app: App) -> list[str]:
    """Raises UsageError where none is set and none is there, or the setting is no command."""
    named = app.environ.get("VISUAL") or app.environ.get("EDITOR")
    path = app.environ.get("PATH")
    try:
        command = (
            shlex.split(named) if named else [next(filter(partial(shutil.which, path=path), _EDITORS), "")]
        )
    except ValueError as exc:
        raise UsageError(f"$EDITOR is no command: {named} ({exc})") from exc
    if not command or not shutil.which(command[0], path=path):
        what = f"there is no editor {command[0]}" if named and command else "no editor is set"
        raise UsageError(what, hint="EDITOR=nano rcli config edit")
    return command


def _edited(app: App, command: list[str], draft: Draft) -> bool:
    """One round in the editor; False when another is wanted. Raises RcliError for one that failed."""
    code = subprocess.run([*command, str(draft.file)], env=dict(app.environ), check=False).returncode
    if code:
        raise RcliError(f"{command[0]} ended with exit code {code}; the file stays as it was")
    try:
        editing.check(draft)
    except UsageError as exc:
        if not app.may_ask:
            draft.discard()
            raise
        from rcli.ui import prompts  # imports a whole terminal toolkit

        app.screen.error(exc)
        if prompts.confirm("Edit it again?", app.stderr):
            return False
        draft.discard()
        raise RcliError("the file stays as it was") from exc
    return True


def _hosts(app: App) -> list[Setting]:
    hosts = app.settings.hosts().values()
    return [Setting(f"hosts.{host.name}.url", host.url, host.origin) for host in hosts]


def _host_url(key: str) -> str | None:
    """The host's name when the key is ``hosts.NAME.url``. Raises UsageError for one that cannot be."""
    match key.split("."):
        case ["hosts", name, "url"]:
            return keys.check_host_name(name)
    return None
