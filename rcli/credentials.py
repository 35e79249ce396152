"""Tokens. A token belongs to one base URL and goes nowhere else."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rcli.errors import NotAllowed, RcliError, UsageError
from rcli.settings import LOCAL, REPLICATE, Host, Settings, write

_SERVICE = "rcli"
TOKENS_PAGE = "https://replicate.com/account/api-tokens"
VARIABLE = "REPLICATE_API_TOKEN"
_IN_KEYRING = "keyring"
"""What stands in the file in the place of a token that the system's keyring keeps."""

_OTHERS = {
    "whsec_": "the key that signs webhooks",
    "hf_": "a token of Hugging Face",
    "sk-": "a key of OpenAI or one like it",
    "ghp_": "a token of GitHub",
    "gho_": "a token of GitHub",
    "github_pat_": "a token of GitHub",
}
_SHORTEST = 16
"""Characters of a token with which an engine serves other machines."""


@dataclass(frozen=True)
class Token:
    """A secret and its origin; the secret is in no ``repr``."""

    secret: str = field(repr=False)
    origin: str


@dataclass(frozen=True)
class Kept:
    """An account whose token is kept for a host; the active one's is used.

    ``origin`` is a file, or ``keyring``; ``account`` is empty for a token that was written without a name.
    """

    account: str
    is_active: bool
    origin: str


def find(settings: Settings, host: Host, account: str | None = None) -> Token | None:
    """The token for exactly this base URL: of the active account, or of the one that is named.

    ``REPLICATE_API_TOKEN`` goes to the host ``replicate`` alone. Raises RcliError for a silent keyring.
    """
    if host.name == LOCAL:
        return _engine_token(settings)
    variable = settings.environ.get(VARIABLE, "").strip() if host.name == REPLICATE else ""
    if variable and account is None:
        return Token(variable, VARIABLE)
    for kept in kept_for(settings, host):
        if kept.is_active if account is None else kept.account == account:
            secret: str | None = _secrets(settings, host)[kept.account]
            if secret == _IN_KEYRING:
                secret = _from_keyring(host, kept.account)
            return Token(secret, kept.origin) if secret else None
    return None


def kept_for(settings: Settings, host: Host) -> list[Kept]:
    """All accounts of a host, in the order of the file."""
    secrets = _secrets(settings, host)
    active = settings.user.get("accounts", {}).get(host.url)
    active = active if active in secrets else next(iter(secrets), None)
    file = str(settings.paths.config_file)
    return [
        Kept(account, account == active, "keyring" if secret == _IN_KEYRING else file)
        for account, secret in secrets.items()
    ]


def keep(settings: Settings, host: Host, account: str, secret: str) -> str:
    """Stores an account's token, makes it the active one, and says where it is. Raises RcliError."""
    in_keyring = settings.get("token_store").value == "keyring"
    if in_keyring:
        _to_keyring(host, account, secret)
    if isinstance(settings.user.get("tokens", {}).get(host.url), str):
        write(settings.paths, ("tokens", host.url), None)  # it has no name: this sign-in takes its place
    write(settings.paths, ("tokens", host.url, account), _IN_KEYRING if in_keyring else secret)
    use(settings, host, account)
    return "the keyring" if in_keyring else str(settings.paths.config_file)


def use(settings: Settings, host: Host, account: str) -> None:
    """Makes an account the active one."""
    write(settings.paths, ("accounts", host.url), account)


def forget(settings: Settings, host: Host, account: str) -> None:
    """Removes an account's token; when it was the active one the first that is left takes its place."""
    kept = kept_for(settings, host)
    if any(each.account == account and each.origin == "keyring" for each in kept):
        _remove_from_keyring(host, account)
    dotted = ("tokens", host.url, account) if account else ("tokens", host.url)
    write(settings.paths, dotted, None)
    others = [each.account for each in kept if each.account != account]
    if not others:
        if host.url in settings.user.get("accounts", {}):
            write(settings.paths, ("accounts", host.url), None)
    elif any(each.account == account and each.is_active for each in kept):
        use(settings, host, others[0])


def check_form(secret: str, origin: str = "") -> str:
    """The token without white space around it. Raises NotAllowed for what cannot be sent as a header."""
    secret = secret.strip()
    if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
        said = f"what is in {origin} is no token" if origin else "that is no token"
        raise NotAllowed(said, hint=f"copy it from {TOKENS_PAGE}")
    return secret


def check_kind(secret: str) -> str:
    """Raises NotAllowed for the secret of another service, which Replicate is not to be told."""
    for beginning, what in _OTHERS.items():
        if secret.startswith(beginning):
            raise NotAllowed(
                f"that is {what}, not a token of Replicate's API", hint=f"copy it from {TOKENS_PAGE}"
            )
    return secret


def doubts(host: Host, secret: str) -> str:
    """What may be the reason why Replicate does not take a token, to go on with; empty where none is seen."""
    if host.name != REPLICATE or secret.startswith("r8_"):
        return ""
    return (
        ": tokens of the API begin with r8_, and those of cog login (https://replicate.com/auth/token) "
        "can do nothing but push"
    )


def sign_in_hint(host: Host, origin: str = "") -> str | None:
    """What to do when a host does not let us in; ``origin`` is the one of the token that we showed it."""
    if host.name == LOCAL:
        return None
    if origin == VARIABLE:
        return f"{VARIABLE} is what is wrong, and wins over rcli auth login: unset {VARIABLE}"
    return "rcli auth login" if host.name == REPLICATE else f"rcli auth login --host {host.name}"


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


def _secrets(settings: Settings, host: Host) -> dict[str, str]:
    """Of each account of a host, by its name."""
    found = settings.user.get("tokens", {}).get(host.url, {})
    return {"": found} if isinstance(found, str) else dict(found)


def _from_keyring(host: Host, account: str) -> str | None:
    with _answering_keyring(host):
        import keyring

        return keyring.get_password(_SERVICE, f"{account} {host.url}")


def _to_keyring(host: Host, account: str, secret: str) -> None:
    with _answering_keyring(host):
        import keyring

        keyring.set_password(_SERVICE, f"{account} {host.url}", secret)


def _remove_from_keyring(host: Host, account: str) -> None:
    with _answering_keyring(host):
        import keyring
        from keyring.errors import PasswordDeleteError

        with suppress(PasswordDeleteError):  # somebody else removed it
            keyring.delete_password(_SERVICE, f"{account} {host.url}")


@contextmanager
def _answering_keyring(host: Host) -> Iterator[None]:
    """Raises RcliError where there is no keyring, it is locked, or its backend cannot be loaded."""
    from keyring.errors import KeyringError

    try:
        yield
    except (KeyringError, ImportError, OSError) as exc:
        reason = (str(exc) or type(exc).__name__).partition(". ")[0].rstrip(".")
        raise RcliError(
            f"the system's keyring does not answer: {reason}",
            hint=f"to keep tokens in a file: rcli config set token_store file && {sign_in_hint(host)}",
        ) from exc
