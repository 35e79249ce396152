"""The key with which an account's webhooks are signed: asked for, and kept for when nobody answers."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from rcli import signing
from rcli.api.endpoints import Replicate
from rcli.errors import NoAnswer, NotAllowed, NotFound, RcliError, UsageError
from rcli.paths import replace_private

ANEW_SECONDS = 60.0
"""How long not to ask again for a key that may have been replaced: anybody can send a bad signature."""


@dataclass
class Keys:
    """``fetch`` asks the service; ``file`` keeps what it said, None keeps nothing. Any thread may use it."""

    fetch: Callable[[], str]
    file: Path | None = None
    clock: Callable[[], float] = time.monotonic
    _known: str | None = field(default=None, init=False, repr=False)
    _asked: float = field(default=0.0, init=False, repr=False)

    @classmethod
    def of(cls, replicate: Replicate, folder: Path) -> Keys:
        """The key of the account that this API is used with; ``folder`` is the webhooks' own."""
        name = hashlib.sha256(replicate.client.host.url.encode()).hexdigest()[:16]
        return cls(lambda: _fetched(replicate), folder / f"key-{name}")

    @classmethod
    def given(cls, file: Path) -> Keys:
        """The key in a file of the user's. Raises UsageError."""
        try:
            key = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as exc:
            why = exc.strerror if isinstance(exc, OSError) else "it is no text"
            raise UsageError(
                f"cannot read the signing key in {file}: {why}", hint="--secret-file FILE"
            ) from exc
        signing.check_key(key)
        return cls(lambda: key)

    def key(self) -> str:
        """Asked for once. Raises NotAllowed, and NoAnswer when nobody knows it."""
        if self._known is None:
            self._known = self._asked_for()
        return self._known

    def renewed(self) -> str:
        """Asked for again, at most once a minute: the user may have replaced it. Raises as ``key`` does."""
        if self.clock() - self._asked >= ANEW_SECONDS:
            self._known = self._asked_for()
        return self.key()

    def _asked_for(self) -> str:
        self._asked = self.clock()
        try:
            key = self.fetch()
        except NoAnswer:
            if (kept := self._kept()) is None:
                raise
            return kept
        signing.check_key(key)
        if self.file is not None and key != self._kept():
            replace_private(self.file, key + "\n")
        return key

    def _kept(self) -> str | None:
        if self.file is None:
            return None
        with suppress(OSError, UnicodeDecodeError, RcliError):
            key = self.file.read_text(encoding="utf-8").strip()
            signing.check_key(key)
            return key
        return None


def _fetched(replicate: Replicate) -> str:
    try:
        return replicate.webhook_secret().key
    except (NotAllowed, NotFound) as exc:
        name = replicate.client.host.name
        raise NotAllowed(
            f"the signing key of {name}'s webhooks is not to be read with this token: {exc.message}",
            hint=f"rcli auth login --host {name}, with a token that may; or --secret-file FILE with the key",
        ) from exc
