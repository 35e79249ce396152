"""What has to be there before ``cog push`` can bring a project to Replicate, and handing over to it.

How Cog keeps its login is told by its source (``pkg/docker/credentials.go``): as Docker does for its
registry, in the credential store that Docker's config.json names, or in that file.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rcli.api.endpoints import Replicate
from rcli.errors import Interrupted, NoAnswer, NotAllowed, NotFound, RcliError, UsageError
from rcli.references import ModelReference
from rcli.signals import Signals

REGISTRY = "r8.im"
_ASK_SECONDS = 10.0
_VERSION = re.compile(r"cog version \S+")
_LOGIN = "cog login (it asks for a token of https://replicate.com/auth/token, which is no API token)"


class Missing(RcliError):
    """A program that has to be installed first."""


def check_docker(environ: Mapping[str, str]) -> None:
    """Raises Missing, and NoAnswer when its daemon cannot be asked."""
    docker = shutil.which("docker", path=environ.get("PATH"))
    if docker is None:
        raise Missing(
            "Docker is not installed, and Cog builds with it", hint="https://docs.docker.com/get-docker/"
        )
    told = _ask([docker, "info", "--format", "{{.ServerVersion}}"], environ)
    if told is None:
        raise NoAnswer(f"Docker did not answer within {_ASK_SECONDS:.0f} s", hint="docker info")
    if told.returncode == 0 and told.stdout.strip():
        return
    reason = _first_line(told.stderr) or "docker info tells no server"
    if "permission denied" in reason.lower():
        raise NotAllowed(
            f"Docker cannot be used: {reason}", hint="sudo usermod -aG docker $USER, then sign in anew"
        )
    start = "open -a Docker" if sys.platform == "darwin" else "sudo systemctl start docker"
    raise NoAnswer(f"Docker does not run: {reason}", hint=start)


def find_cog(environ: Mapping[str, str]) -> str:
    """The path of Replicate's program. Raises Missing when it is not there, or another one has its name."""
    cog = shutil.which("cog", path=environ.get("PATH"))
    if cog is None:
        raise Missing(
            "the program cog is not installed (the package cog of PyPI is the library alone)",
            hint=_installer(),
        )
    told = _ask([cog, "--version"], environ)
    if told is None or told.returncode or not _VERSION.match(told.stdout):
        raise Missing(f"{cog} is not Replicate's cog, but another program of that name", hint=_installer())
    return cog


def check_login(environ: Mapping[str, str]) -> None:
    """Raises NotAllowed when nobody has signed in to Replicate's registry with Cog."""
    config = _docker_config(environ)
    store = config.get("credsStore") or (None if _has_logins(config) else _usual_store(environ))
    if store and _is_in_store(f"docker-credential-{store}", environ):
        return
    kept = config.get("auths")
    login = kept.get(REGISTRY) if isinstance(kept, dict) else None
    if not (isinstance(login, dict) and any(login.get(key) for key in ("auth", "identitytoken", "password"))):
        raise NotAllowed(f"cog is not signed in to {REGISTRY}", hint=_LOGIN)


def check_model(api: Replicate, reference: ModelReference) -> None:
    """Raises NotFound when there is nothing to push to: Replicate's registry makes no models."""
    try:
        api.model(reference.owner, reference.name)
    except NotFound as exc:
        raise NotFound(
            f"there is no model {reference.full_name} on {api.client.host.name}, and a push makes none",
            hint="make it first: https://replicate.com/create",
        ) from exc


def hand_over(
    cog: str,
    folder: Path,
    file: str,
    reference: ModelReference,
    environ: Mapping[str, str],
    signals: Signals,
) -> int:
    """Runs ``cog push`` on our own streams and returns its exit code; a signal that ends us ends it too."""
    command = [cog, "push", f"{REGISTRY}/{reference.full_name}"]
    if file != "cog.yaml":
        command += ["-f", file]
    process = None
    try:
        with signals.held():  # else a signal could come between its start and our knowing of it
            process = subprocess.Popen(command, cwd=folder, env=dict(environ))
        code = process.wait()
    except OSError as exc:
        raise RcliError(f"{cog} cannot be started: {exc.strerror}") from exc
    except Interrupted as exc:
        if process is not None:
            process.send_signal(exc.signal)  # a second Ctrl-C, as a terminal may send it, does no harm
            process.wait()
        raise
    return code if code >= 0 else 128 - code


def destination(image: str | None) -> str:
    """The model that a cog.yaml names itself, as for ``cog push``. Raises UsageError for any other."""
    if image is None:
        raise UsageError(
            "where to is missing", hint="rcli push . local:me/model, or: rcli push . r8.im/owner/name"
        )
    if not image.startswith(f"{REGISTRY}/"):
        raise UsageError(
            f"cog.yaml's image {image!r} is in a registry that rcli does not know", hint=f"cog push {image}"
        )
    return image


def _ask(
    command: Sequence[str], environ: Mapping[str, str], stdin: str = ""
) -> subprocess.CompletedProcess[str] | None:
    """What a program says; None when it does not answer in time, or cannot be started."""
    try:
        return subprocess.run(
            command,
            env=dict(environ),
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_ASK_SECONDS,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError):
        return None


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _installer() -> str:
    """By Cog's own README."""
    if sys.platform == "darwin":
        return "brew install replicate/tap/cog"
    return 'sh -c "$(curl -fsSL https://cog.run/install.sh)"'


def _docker_config(environ: Mapping[str, str]) -> dict[str, Any]:
    folder = environ.get("DOCKER_CONFIG") or os.path.join(environ.get("HOME") or Path.home(), ".docker")
    try:
        config = json.loads((Path(folder) / "config.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}


def _has_logins(config: Mapping[str, Any]) -> bool:
    return any(config.get(key) for key in ("credsStore", "credHelpers", "auths"))


def _usual_store(environ: Mapping[str, str]) -> str | None:
    """The store that Docker takes where nothing is configured, if its program is there."""
    path = environ.get("PATH")
    if sys.platform == "darwin":
        store = "osxkeychain"
    else:
        store = "pass" if shutil.which("pass", path=path) else "secretservice"
    return store if shutil.which(f"docker-credential-{store}", path=path) else None


def _is_in_store(program: str, environ: Mapping[str, str]) -> bool:
    """Docker's protocol for credential helpers: the server on stdin, JSON with the secret on stdout."""
    found = shutil.which(program, path=environ.get("PATH"))
    told = _ask([found, "get"], environ, stdin=REGISTRY) if found else None
    if told is None or told.returncode:
        return False
    try:
        return bool(json.loads(told.stdout).get("Secret"))
    except (ValueError, AttributeError):
        return False
