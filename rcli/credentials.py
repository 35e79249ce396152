"""Tokens. A token belongs to one base URL and goes nowhere else."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from rcli.errors import NotAllowed, RcliError, UsageError
from rcli.settings import LOCAL, REPLICATE, Host, Settings, write

_SERVICE = "rcli"
_SHORTEST = 16
"""Characters of a token with which an engine serves other machines."""


@dataclass(frozen=True)
class Token:
    """A secret and its origin; the secret is in no ``repr``."""

    secret: str = field(repr=False)
    origin: str


def find(settings: Settings, host: Host) -> Token | None:
    """The token for exactly this base URL. ``REPLICATE_API_TOKEN`` goes to the host ``replicate`` alone."""
    if host.name == LOCAL:
        return _engine_token(settings)
    if host.name == REPLICATE and (secret := settings.environ.get("REPLICATE_API_TOKEN")):
        return Token(secret.strip(), "REPLICATE_API_TOKEN")
    if secret := settings.user.get("tokens", {}).get(host.url):
        return Token(secret, str(settings.paths.config_file))
    if settings.get("token_store").value == "keyring" and (secret := _from_keyring(host.url)):
        return Token(secret, "keyring")
    return None


def keep(settings: Settings, host: Host, secret: str) -> str:
    """Stores a token and says where. Raises RcliError when it cannot be kept."""
    if settings.get("token_store").value == "keyring":
        _to_keyring(host.url, secret)
        return "the keyring"
    write(settings.paths, ("tokens", host.url), secret)
    return str(settings.paths.config_file)


def forget(settings: Settings, host: Host) -> bool:
    """Removes a stored token; False when there was none."""
    if host.url in settings.user.get("tokens", {}):
        write(settings.paths, ("tokens", host.url), None)
        return True
    return settings.get("token_store").value == "keyring" and _remove_from_keyring(host.url)


def check_form(secret: str) -> str:
    """The token without white space around it. Raises NotAllowed for what cannot be sent as a header."""
    secret = secret.strip()
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise NotAllowed("that is no token", hint="copy it from https://replicate.com/account/api-tokens")
    return secret


def serving_token(bind: str, file: Path | None) -> str | None:
    """The token in the file, which has to be named for an address that other machines can reach; else None.

    Raises UsageError for a missing one, and for a text that is too short or cannot be sent as a header.
    """
    if file is None:
        if _is_loopback(bind):
            return None
        raise UsageError(
            f"on {bind} other machines can reach the engine: name the token that they have to show",
            hint=f"rcli serve --bind {shlex.quote(bind)} --token-file FILE",
        )
    try:
        secret = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"cannot read a token from {file}: {getattr(exc, 'strerror', None) or exc}") from exc
    if not re.fullmatch(rf"[!-~]{{{_SHORTEST},}}", secret):
        raise UsageError(
            f"{file} holds no token: it takes {_SHORTEST} letters, digits and signs at least, without spaces",
            hint=f"(umask 077; openssl rand -hex 32 > {shlex.quote(str(file))})",
        )
    return secret


def _is_loopback(address: str) -> bool:
    from ipaddress import ip_address

    try:
        return address == "localhost" or ip_address(address).is_loopback
    except ValueError:
        return False


def _engine_token(settings: Settings) -> Token | None:
    file = settings.paths.engine / "token"
    try:
        return Token(file.read_text(encoding="ascii").strip(), str(file))
    except (FileNotFoundError, NotADirectoryError):
        return None


def _from_keyring(url: str) -> str | None:
    import keyring

    try:
        return keyring.get_password(_SERVICE, url)
    except keyring.errors.KeyringError as exc:
        raise _no_keyring() from exc


def _to_keyring(url: str, secret: str) -> None:
    import keyring

    try:
        keyring.set_password(_SERVICE, url, secret)
    except keyring.errors.KeyringError as exc:
        raise _no_keyring() from exc


def _remove_from_keyring(url: str) -> bool:
    import keyring

    try:
        keyring.delete_password(_SERVICE, url)
    except keyring.errors.PasswordDeleteError:
        return False
    except keyring.errors.KeyringError as exc:
        raise _no_keyring() from exc
    return True


def _no_keyring() -> RcliError:
    return RcliError("the system's keyring does not answer", hint="rcli config set token_store file")
