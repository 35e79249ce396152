"""``rcli config``: where the settings are, and what they say."""

from __future__ import annotations

from typing import Annotated

import typer

from rcli import settings as keys
from rcli.app import App
from rcli.cli.options import Command, group, world
from rcli.paths import Paths
from rcli.settings import Setting

app = group("Read and change settings.")

Key = Annotated[str, typer.Argument(metavar="KEY", help="A setting; rcli config list shows all.")]


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

    Example: rcli config list
    """
    app = world(ctx)
    rows = [*app.settings.all(), *_hosts(app)]
    if app.flags.wants_json:
        app.screen.json([{"key": row.key, "value": row.value, "origin": row.origin} for row in rows])
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
        app.screen.json({"key": setting.key, "value": setting.value, "origin": setting.origin})
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


def _hosts(app: App) -> list[Setting]:
    hosts = app.settings.hosts().values()
    return [Setting(f"hosts.{host.name}.url", host.url, host.origin) for host in hosts]


def _host_url(key: str) -> str | None:
    """The host's name when the key is ``hosts.NAME.url``. Raises UsageError for one that cannot be."""
    match key.split("."):
        case ["hosts", name, "url"]:
            return keys.check_host_name(name)
    return None
