"""``rcli webhook listen --port``: the server of one's own for the service's webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rcli.app import App
from rcli.cli.steps.webhooks.forwarding import Asked, address, wishes
from rcli.cli.steps.webhooks.hearing import hear
from rcli.connections import bound
from rcli.errors import UsageError
from rcli.listener.keys import Keys
from rcli.listener.listening import Wishes
from rcli.listener.receive import Receiver
from rcli.listener.running import Place, Running, named
from rcli.settings import LOCAL


@dataclass(frozen=True)
class Address:
    """Where messages come in: ``public`` is what the world calls it, None when nobody said."""

    port: int
    bind: str
    path: str
    public: str | None


def listen(app: App, asked: Asked, at: Address, secret_file: Path | None, *, print_secret: bool) -> None:
    """Receives until the user ends it. Raises RcliErrors."""
    if not at.path.startswith("/"):
        raise UsageError(f"--path begins with /, unlike {at.path!r}", hint=f"--path /{at.path}")
    public = address(at.public, "--public-url").rstrip("/") if at.public else None
    wished = wishes(app, asked)
    socket = bound(at.bind, at.port)
    try:
        host = app.default_host
        keys = signing_keys(app, host, secret_file)
        key = keys.key()
        here = f"http://{_shown(at.bind)}:{socket.getsockname()[1]}"
        title = _title(host, (public or here) + at.path, wished)
        _announce(app, host, title, None if public else here)
        if print_secret:
            app.screen.say(key)
        name = named(host, f"direct {at.bind}:{at.port}{at.path}", wished.endpoints)
        place = Place(app.settings.paths.webhooks, name)
        source = Receiver(socket, at.path, keys)
        with Running(place, source, wished, keys=keys, environ=app.environ) as running:
            hear(app, running, title)
    finally:
        socket.close()


def signing_keys(app: App, host: str, secret_file: Path | None) -> Keys:
    """The key of the host's account, or the one in the file. Raises UsageError."""
    if secret_file is not None:
        return Keys.given(app.cwd / secret_file)
    return Keys.of(app.connect(host), app.settings.paths.webhooks)


def _title(host: str, address: str, wished: Wishes) -> list[str]:
    to = ", ".join(each.name for each in wished.endpoints)
    return [f"webhooks of {host}" + (f" → {to}" if to else ""), f"--webhook {address}"]


def _announce(app: App, host: str, title: list[str], here: str | None) -> None:
    app.screen.say(f"{title[0]}: receiving (Ctrl-C stops)")
    app.screen.say(f"give this to a prediction: {title[1]}")
    if here and host != LOCAL:
        app.screen.say(
            f"{host} sends to https only: let a tunnel lead to {here} (cloudflared tunnel --url {here}),"
            " and say its address with --public-url"
        )


def _shown(bind: str) -> str:
    host = "127.0.0.1" if bind in ("0.0.0.0", "::", "") else bind
    return f"[{host}]" if ":" in host else host
