"""Which model, when none is named: a person at the terminal chooses among those there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from rcli.app import App
from rcli.cli.steps.lookup import library
from rcli.errors import RcliError, UsageError
from rcli.services import lists
from rcli.settings import LOCAL, REPLICATE

_MOST = 100
_SEARCH = f"search {REPLICATE} …"


def model(app: App) -> str:
    """What the person chooses. Raises UsageError where nobody can be asked."""
    if not app.may_ask:
        raise UsageError("no model is named", hint="rcli run MODEL key=value; rcli models list shows some")
    from rcli.ui import prompts  # imports a whole terminal toolkit

    can_search = app.is_signed_in(REPLICATE)
    choices = list(dict.fromkeys([*_here(app), *_recent(app), *([_SEARCH] if can_search else [])]))
    chosen = prompts.choose("Model:", choices, app.stderr)
    return _searched(app) if chosen == _SEARCH else chosen


def _recent(app: App) -> Iterator[str]:
    """What ran last and can run again, in the words that would run it."""
    hosts = (LOCAL, *app.settings.hosts())
    with suppress(RcliError):  # without the library there is still something to choose
        for each in library(app).recent(_MOST):
            if "/" in each.model and each.host in hosts:
                yield f"{each.host}:{each.model}"


def _here(app: App) -> Iterator[str]:
    """This machine's models, those that come with rcli before all others."""
    found = lists.first(_MOST, app.connect(LOCAL).models)
    for each in sorted(found, key=lambda model: model.owner != "rcli"):
        yield f"{LOCAL}:{each.full_name}"


def _searched(app: App) -> str:
    """A model of the cloud: words are asked for until they find something."""
    from rcli.ui import prompts

    while True:
        words = prompts.text(f"Search {REPLICATE}:", app.stderr)
        found = [each.full_name for each in app.connect(REPLICATE).search_models(words).results]
        if found:
            return f"{REPLICATE}:{prompts.choose('Model:', found, app.stderr)}"
        app.screen.say(f"nothing is found for {words!r}")
