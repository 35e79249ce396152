"""What a prediction has cost, as far as that is known, and on what that rests.

The API returns neither a price nor a prediction's hardware, so the user says which one a model has, or what
a run of it costs. How time is billed is from Replicate's billing page: public models bill the time in which
they work, private models and deployments their setup and idle time too, official models their output.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from rcli.api.endpoints import Replicate
from rcli.errors import RcliError
from rcli.records import TERMINAL, Cost, Prediction
from rcli.services.library.records import Record
from rcli.services.work.phases import working_time
from rcli.settings import LOCAL, Setting, Settings

_NAME = re.compile(r"(deployments/)?[\w.-]+/[\w.-]+", re.ASCII)
"""A name that a service gives goes into a command to be pasted, so it must be one."""

_SKU = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)

Billing = Literal["public", "private", "deployment", "official", "training", "unknown"]


FREE = Cost(0.0, "free, this machine")


def of(prediction: Prediction, api: Replicate, settings: Settings) -> Cost:
    """The cost by what is set; the service is asked for the model only if its hardware is known."""
    if api.client.host.name == LOCAL:
        return FREE
    return estimate(prediction, settings, lambda: billing(api, prediction))


def of_training(training: Prediction, host: str, settings: Settings) -> Cost:
    """The cost of a training by its time, if it is set which hardware its base has."""
    if host == LOCAL:
        return FREE
    price = _price(training, settings)
    if price is None or isinstance(price.value, str):
        return estimate(training, settings, lambda: "training")
    return Cost(None, "a run's price is set, and a training is no run")


def of_record(record: Record, settings: Settings) -> Cost | None:
    """The cost of a training that was kept, by the prices that are known now; None before its end.

    Of a prediction it is None: how it is billed, only the service could tell.
    """
    entry = record.entry
    if entry.kind != "training" or entry.status not in TERMINAL:
        return None
    return of_training(record.as_told(), entry.host, settings)


def rate(training: Prediction, settings: Settings) -> float | None:
    """US dollars for each second of a training, None where nobody has told."""
    price = _price(training, settings)
    if price is None or not isinstance(price.value, str):
        return None
    told = settings.get(f"prices.{price.value}").value
    return None if told is None else float(told)


def estimate(prediction: Prediction, settings: Settings, billed: Callable[[], Billing]) -> Cost:
    """A pure function of what is set; ``billed`` is called where it matters how the model is billed."""
    price = _price(prediction, settings)
    if price is None:
        names = _names(prediction)
        return Cost(None, hint=f"rcli config set price.{names[0]} SKU" if names else None)
    if isinstance(price.value, str):
        return _by_time(prediction, price, settings, billed())
    if prediction.status != "succeeded":
        return Cost(None, "a price of a run is known, but this one did not succeed")
    return Cost(float(price.value), "a run's price as set")


def of_hardware(sku: str, host: str, settings: Settings) -> tuple[float | None, str]:
    """US dollars for a second of a hardware, and on what that rests; None where no price is known."""
    if host == LOCAL:
        return 0.0, FREE.basis
    known = settings.get(f"prices.{sku}") if _SKU.fullmatch(sku) else None
    if known is None or known.value is None:
        return None, "no price is known"
    return float(known.value), _source(known)


def billing(api: Replicate, prediction: Prediction) -> Billing:
    """How the service bills this prediction, by what it says of the model; ``unknown`` if it does not."""
    if prediction.raw.get("deployment"):
        return "deployment"
    owner, _, name = prediction.model.partition("/")
    try:
        model = api.model(owner, name)
    except RcliError:
        return "unknown"
    if model.is_official:
        return "official"
    match model.visibility:
        case "public":
            return "public"
        case "private":
            return "private"
        case _:
            return "unknown"


def _by_time(prediction: Prediction, price: Setting, settings: Settings, billed: Billing) -> Cost:
    sku, seconds = price.value, working_time(prediction)
    rate = settings.get(f"prices.{sku}")
    if billed == "official":
        return Cost(None, "official models bill by output", hint=f"rcli config set {price.key} USD-PER-RUN")
    if rate.value is None:
        return Cost(None, f"{sku} has no price", hint=f"rcli config set prices.{sku} USD-PER-SECOND")
    if seconds is None:
        return Cost(None, "the service told no time")
    told = f"{_named(prediction)} {_digits(seconds)} s × {sku} ${_digits(rate.value)}/s, {_source(rate)}"
    if billed == "public":
        return Cost(seconds * rate.value, told)
    return Cost(seconds * rate.value, f"{told}; {_MORE[billed]}", is_least=True)


_MORE = {
    "private": "a private model's setup and idle time are billed too",
    "deployment": "a deployment's setup and idle time are billed too",
    "training": "whether its setup is billed too, the service does not tell",
    "unknown": "setup and idle time are billed too, unless the model is public",
}


def _price(prediction: Prediction, settings: Settings) -> Setting | None:
    told = (settings.get(f"price.{name}") for name in _names(prediction))
    return next((price for price in told if price.value is not None), None)


def _names(prediction: Prediction) -> list[str]:
    """Under which names a price may be set, the most exact first."""
    deployment = prediction.raw.get("deployment")
    named = [f"deployments/{deployment}"] if deployment else []
    return [name for name in (*named, prediction.model) if _NAME.fullmatch(name)]


def _named(prediction: Prediction) -> str:
    return "predict_time" if "predict_time" in prediction.metrics else "running time"


def _source(rate: Setting) -> str:
    """A price is the user's own, or one of the list that came with rcli, with its date."""
    return rate.origin if rate.origin.startswith("list price") else "price as set"


def _digits(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".") if number < 0.01 else f"{number:.4g}"
