"""The wiring of one command: streams, environment, settings, and the connections that it asks for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rcli import references
from rcli.errors import NotAllowed, UsageError
from rcli.references import FolderReference, ModelReference, Reference
from rcli.settings import LOCAL, REPLICATE, Host, Settings, base_url
from rcli.signals import Signals

if TYPE_CHECKING:
    from rcli.api.client import Client
    from rcli.api.endpoints import Replicate
    from rcli.api.engine import Engine
    from rcli.api.pace import Pace
    from rcli.credentials import Token
    from rcli.ui.screen import Screen


@dataclass
class Flags:
    """The options that every command has."""

    host: str | None = None
    json: bool = False
    jq: str | None = None
    quiet: bool = False
    plain: bool = False
    progress: str = "auto"
    no_input: bool = False
    debug: bool = False

    @property
    def wants_json(self) -> bool:
        return self.json or self.jq is not None


@dataclass
class App:
    """The world as one command sees it; a test passes its own.

    ``lasting`` holds, by name, what is made once and used as long as the command lasts.
    """

    environ: Mapping[str, str]
    cwd: Path
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    signals: Signals = field(default_factory=Signals)
    flags: Flags = field(default_factory=Flags)
    lasting: dict[str, object] = field(default_factory=dict)
    _closers: list[Callable[[], None]] = field(default_factory=list)

    @classmethod
    def of_this_process(cls) -> App:
        return cls(os.environ, _working_folder(), sys.stdin, sys.stdout, sys.stderr)

    @cached_property
    def settings(self) -> Settings:
        return Settings.read(self.environ, self.cwd)

    @cached_property
    def screen(self) -> Screen:
        from rcli.ui.screen import Screen

        flags = self.flags
        return Screen(
            self.stdout,
            self.stderr,
            self.environ,
            quiet=flags.quiet,
            plain=flags.plain,
            progress=flags.progress,
            jq=flags.jq,
        )

    @property
    def home(self) -> Path:
        return Path(self.environ.get("HOME") or Path.home())

    @property
    def may_ask(self) -> bool:
        """Whether there is a person to ask: both ends of the conversation are a terminal."""
        return self.stdin.isatty() and self.stderr.isatty() and not self.flags.no_input

    def parse(self, text: str) -> tuple[str | None, Reference]:
        """The host prefix and the reference that a MODEL argument means."""
        return references.parse(text, cwd=self.cwd, home=self.home)

    def host_for(self, prefix: str | None, reference: Reference) -> str:
        """The host's name for a command on a model. Raises UsageError when it cannot be this one."""
        if isinstance(reference, FolderReference):
            if self.flags.host not in (None, LOCAL):
                raise UsageError(
                    f"a folder runs on this machine, not on {self.flags.host!r}",
                    hint=f"rcli push FOLDER {self.flags.host}:owner/name, or leave --host away",
                )
            return LOCAL
        if chosen := prefix or self.flags.host:
            return chosen
        if isinstance(reference, ModelReference) and reference.owner == "rcli":
            return LOCAL
        return self.default_host

    @property
    def default_host(self) -> str:
        """``--host``, else what is set, else ``replicate`` when signed in there, else ``local``."""
        if chosen := self.flags.host or self.settings.get("host").value:
            return str(chosen)
        return REPLICATE if self.is_signed_in(REPLICATE) else LOCAL

    def is_signed_in(self, name: str) -> bool:
        from rcli import credentials

        return credentials.find(self.settings, self.named_host(name)) is not None

    def named_host(self, name: str) -> Host:
        """Raises UsageError for a host that is not configured."""
        hosts = self.settings.hosts()
        if name not in hosts:
            chosen = self.settings.get("host")
            by = chosen.origin if chosen.value == name != self.flags.host else None
            raise _unknown_host(name, by, [LOCAL, *hosts])
        return hosts[name]

    def connect(self, name: str, *, as_is: bool = False) -> Replicate:
        """The API of a host; the engine is started when ``local`` needs it.

        ``as_is``: an engine of another version that runs will do; otherwise it is replaced.
        Raises NotAllowed when nobody is signed in there.
        """
        host, token = self._signed_in(name, as_is)
        return self.client_with(host, token)

    def default_api(self) -> Replicate:
        """The API of the default host, for what starts no model: an engine of another version will do."""
        return self.connect(self.default_host, as_is=True)

    def engine(self, *, as_is: bool = False) -> Engine:
        """The local engine's own interface; ``as_is`` as for ``connect``."""
        from rcli.api.engine import Engine

        return Engine(self.connect(LOCAL, as_is=as_is).client)

    def paced(self, name: str) -> tuple[Replicate, Pace]:
        """Like ``connect``, for who asks for hours: all requests keep to a small share of the rate limit."""
        from rcli.api.client import Client
        from rcli.api.endpoints import Replicate
        from rcli.api.network import Network
        from rcli.api.pace import LIMIT, SHARE, Pace, Paced

        host, token = self._signed_in(name, as_is=True)
        pace = Pace(int(LIMIT * SHARE))
        network = Paced(Network(), pace)
        renew = self._succeeding_engine if name == LOCAL else None
        client = Client(
            host, token.secret, origin=token.origin, renew=renew, transport=network, sleep=network.sleep
        )
        self._closers.append(client.close)
        return Replicate(client), pace

    def neighbour(self, host: str) -> Client | None:
        """The client of the engine on this machine, for files of it that another host is to get."""
        from rcli import credentials
        from rcli.services import local

        state = local.find(self.settings.paths) if host != LOCAL else None
        token = credentials.find(self.settings, state.host) if state else None
        return self.client_with(state.host, token).client if state and token else None

    def client_with(self, host: Host, token: Token | None) -> Replicate:
        """The API of a host with this token, as a sign-in tries it before it is stored."""
        from rcli.api.client import Client
        from rcli.api.endpoints import Replicate

        def wait(seconds: float, reason: str) -> None:
            self.screen.doing(f"{reason}: the next try is in {seconds:.0f} s")

        trace = self.screen.trace if self.flags.debug else None
        renew = self._succeeding_engine if host.name == LOCAL else None
        secret, origin = (token.secret, token.origin) if token else (None, "")
        client = Client(host, secret, origin=origin, trace=trace, on_wait=wait, renew=renew)
        self._closers.append(client.close)
        return Replicate(client)

    def close(self) -> None:
        """Closes every connection that was opened."""
        while self._closers:
            self._closers.pop()()

    def _signed_in(self, name: str, as_is: bool) -> tuple[Host, Token]:
        """A host and the token for it."""
        from rcli import credentials

        host = self._engine_host(as_is) if name == LOCAL else self.named_host(name)
        token = credentials.find(self.settings, host)
        if token is None:
            raise NotAllowed(f"not signed in to {name}", hint=credentials.sign_in_hint(host))
        return host, token

    def _engine_host(self, as_is: bool) -> Host:
        from rcli.services import local

        running = local.running(self.settings) if as_is else None
        state = running or local.ensure(self.settings, self._starting_engine)
        return Host(LOCAL, base_url(state.url), "engine")

    def _succeeding_engine(self) -> str:
        """The base URL of the engine that follows one that is about to stop; it may go on after all."""
        from rcli.services import local

        self.screen.doing("the engine on this machine is stopping: waiting for the next")
        return base_url(local.ensure(self.settings, self._starting_engine, successor=True).url)

    def _starting_engine(self) -> None:
        self.screen.doing("starting the engine on this machine")


def _unknown_host(name: str, by: str | None, known: list[str]) -> UsageError:
    """``by``: what names it, where that is a setting."""
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1, cutoff=0.7)
    hint = f"did you mean {near[0]}?" if near else f"hosts: {', '.join(known)}"
    return UsageError(f"there is no host {name!r}{f', which {by} names' if by else ''}", hint=hint)


def _working_folder() -> Path:
    """Where the command runs; a folder that was deleted meanwhile is only as good as its name."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path(os.environ.get("PWD") or "/")
