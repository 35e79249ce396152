"""Every error that rcli raises on purpose, with its exit code and a hint to paste.

RcliError                   1   something went wrong
├── NotFound                1   an unknown model, version, prediction or file
├── UsageError              2   the command line cannot be carried out as written
│   └── InvalidInput        2   inputs that the schema or the service (422) refuses
├── PredictionFailed        3   a prediction or training ended as failed
├── NotAllowed              4   not signed in, or no right to do this
├── NoAnswer                5   network, time-out
├── RateLimited             6   a rate limit that outlasted the retries
├── NoCredit                6   the account has no credit
├── Canceled                7   canceled, aborted, or past its deadline
└── Interrupted         128+n   ended by signal n
    └── ClosedPipe        141   the reader of our output went away

A bug is none of these: it keeps its traceback.
"""

from __future__ import annotations

import signal


class RcliError(Exception):
    """Something that the user should know: what happened, and in ``hint`` what to do."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NotFound(RcliError):
    """The service, the library or the disk knows no such thing."""


class UsageError(RcliError):
    """The command line, a setting or a project file cannot be used as written."""

    exit_code = 2


class InvalidInput(UsageError):
    """A model's input is missing, unknown or of the wrong type."""


class PredictionFailed(RcliError):
    """The model ran and failed."""

    exit_code = 3


class NotAllowed(RcliError):
    """Not signed in, a wrong token, or no right to do this."""

    exit_code = 4


class NoAnswer(RcliError):
    """The server could not be reached, broke off, or did not answer in time."""

    exit_code = 5


class RateLimited(RcliError):
    """The service throttles, and went on doing so through all retries."""

    exit_code = 6


class NoCredit(RcliError):
    """The account's credit is used up."""

    exit_code = 6


class Canceled(RcliError):
    """The prediction or training was canceled, aborted, or ran into its deadline."""

    exit_code = 7


class Interrupted(RcliError):
    """A signal ended the command; the exit code is 128 plus its number."""

    def __init__(self, number: int, message: str = "", *, hint: str | None = None) -> None:
        super().__init__(message or signal.Signals(number).name, hint=hint)
        self.signal = number
        self.exit_code = 128 + number


class ClosedPipe(Interrupted):
    """Whoever read our output has gone; this ends the command without a word."""

    def __init__(self) -> None:
        super().__init__(signal.SIGPIPE)
