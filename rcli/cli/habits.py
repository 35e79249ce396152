"""What people who come from other programs type first, and what that is called here.

Only imported when a command or an option is unknown.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection
from difflib import get_close_matches

from rcli.errors import UsageError
from rcli.references import is_folder

COMMANDS = {
    "ls": "models list",
    "list": "models list",
    "show": "models show MODEL",
    "info": "models show MODEL",
    "view": "models show MODEL",
    "inspect": "models show MODEL",
    "schema": "models schema MODEL",
    "readme": "models readme MODEL",
    "rm": "models delete MODEL",
    "remove": "models delete MODEL",
    "delete": "models delete MODEL",
    "diff": "versions diff MODEL",
    "login": "auth login",
    "signin": "auth login",
    "logout": "auth logout",
    "signout": "auth logout",
    "switch": "auth switch",
    "token": "auth token",
    "whoami": "account show",
    "me": "account show",
    "user": "account show",
    "predict": "run MODEL",
    "infer": "run MODEL",
    "generate": "run MODEL",
    "call": "run MODEL",
    "interactive": "run --interactive",
    "repl": "run --interactive",
    "chat": "stream MODEL -i prompt=TEXT",
    "prompt": "stream MODEL -i prompt=TEXT",
    "complete": "stream MODEL -i prompt=TEXT",
    "shell": "exec bash",
    "python": "exec python",
    "create": "predictions create MODEL",
    "jobs": "predictions list",
    "runs": "predictions list",
    "logs": "predictions logs last",
    "watch": "predictions watch last",
    "wait": "predictions wait last",
    "cancel": "predictions cancel last",
    "kill": "predictions cancel last",
    "rerun": "predictions rerun last",
    "retry": "predictions rerun last",
    "download": "predictions download last",
    "open": "predictions open last",
    "browse": "predictions open last",
    "history": "library list",
    "rescue": "library rescue",
    "upload": "files upload FILE",
    "finetune": "train MODEL",
    "fine-tune": "train MODEL",
    "tune": "train MODEL",
    "new": "init",
    "build": "push",
    "publish": "push",
    "deploy": "deployments create NAME MODEL",
    "scale": "deployments scale NAME",
    "listen": "webhook listen",
    "forward": "webhook listen",
    "trigger": "webhook trigger completed",
    "replay": "webhook replay last",
    "start": "serve",
    "up": "serve",
    "daemon": "serve",
    "engine": "serve status",
    "status": "ps",
    "top": "ps",
    "get": "config get",
    "set": "config set",
    "edit": "config edit",
    "host": "config host list",
    "clean": "cache prune",
    "prune": "cache prune",
    "gc": "cache prune",
    "du": "cache list",
    "check": "doctor",
    "diagnose": "doctor",
    "request": "api",
    "curl": "api",
    "man": "help",
}
"""The first word of a command line, and the one that is meant."""

_EXPLAINED = {
    "pull": "nothing is fetched beforehand: rcli run MODEL brings what the model needs",
    "install": "nothing is installed beforehand: rcli run MODEL brings what the model needs",
    "stop": "rcli predictions cancel last ends a prediction, rcli serve stop the engine",
    "down": "rcli serve stop ends the engine",
    "version": "did you mean rcli --version, or rcli versions?",
    "update": "rcli itself is updated by what installed it, pipx or pip; models: rcli models update MODEL",
    "upgrade": "rcli itself is updated by what installed it, pipx or pip",
}

VERBS = {
    "ls": ("list",),
    "all": ("list",),
    "get": ("show", "download"),
    "info": ("show",),
    "view": ("show",),
    "inspect": ("show", "status"),
    "describe": ("show",),
    "whoami": ("status", "show"),
    "rm": ("delete", "remove", "cancel", "prune"),
    "remove": ("delete", "cancel", "prune"),
    "del": ("delete", "remove"),
    "delete": ("remove", "prune"),
    "new": ("create", "add"),
    "add": ("create", "upload", "login"),
    "create": ("add", "upload"),
    "put": ("upload",),
    "save": ("download", "export"),
    "pull": ("download",),
    "stop": ("cancel",),
    "kill": ("cancel", "stop"),
    "abort": ("cancel",),
    "follow": ("watch", "logs"),
    "tail": ("logs",),
    "retry": ("rerun", "replay"),
    "resend": ("replay",),
    "send": ("trigger",),
    "test": ("check",),
    "edit": ("update",),
    "set": ("update", "use"),
    "clear": ("prune",),
    "clean": ("prune",),
    "gc": ("prune",),
}
"""A verb from elsewhere, and the same verb here: the first that the noun has."""

_OF_A_NOUN = {
    "rcli serve start": "rcli serve --background",
    "rcli serve restart": "rcli serve stop, then rcli serve",
    "rcli config unset": "rcli config set KEY ''",
}

BEHIND = ("--host", "--json", "--jq", "--quiet", "-q", "--plain", "--progress", "--no-input", "--debug", "-v")
"""Options of all commands; elsewhere such may stand before the command."""


def unknown_command(name: str, known: Collection[str], topics: Collection[str]) -> UsageError:
    """The complaint about a first word that is no command, with the command that may be meant."""
    return UsageError(f"there is no command {name!r}", hint=_command(name, known, topics))


def unknown_verb(path: str, name: str, verbs: Collection[str]) -> UsageError:
    """The complaint about a verb that the noun ``path`` (``rcli models``) does not have."""
    return UsageError(f"{path} has no command {name!r}", hint=_verb(path, name, verbs))


def instead_of_option(path: str, name: str, *, takes_inputs: bool) -> str:
    """A hint for an option that resembles none: elsewhere inputs are options, too."""
    if name == "--version":
        return "did you mean rcli --version?"
    if path == "rcli" and name in BEHIND:
        return f"options stand behind the command: rcli COMMAND {name}"
    if takes_inputs and re.fullmatch(r"--\w[\w-]+", name):
        return f"an input is written -i {name.lstrip('-')}=VALUE; {path} --help tells the options"
    return f"{path} --help"


def _command(name: str, known: Collection[str], topics: Collection[str]) -> str:
    if name in _EXPLAINED:
        return _EXPLAINED[name]
    if name in COMMANDS:
        return f"did you mean rcli {COMMANDS[name]}?"
    if "/" in name or is_folder(name):
        return f"did you mean rcli run {shlex.quote(name)}?"
    near = get_close_matches(name, [*known, *topics], n=1)
    if not near:
        return "rcli --help"
    return f"did you mean rcli {'help ' if near[0] in topics else ''}{near[0]}?"


def _verb(path: str, name: str, verbs: Collection[str]) -> str:
    whole = f"{path} {name}"
    if whole in _OF_A_NOUN:
        return f"did you mean {_OF_A_NOUN[whole]}?"
    if meant := [verb for verb in VERBS.get(name, ()) if verb in verbs]:
        return f"did you mean {path} {meant[0]}?"
    if "/" in name or name == "last":
        shows = [verb for verb in ("show", "list") if verb in verbs]
        return f"did you mean {path} {shows[0]} {shlex.quote(name)}?" if shows else f"{path} --help"
    near = get_close_matches(name, verbs, n=1)
    return f"did you mean {path} {near[0]}?" if near else f"{path} --help"
