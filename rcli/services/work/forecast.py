"""What several predictions will cost together, as far as the runs before them and what is set can tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from rcli.api.endpoints import Replicate
from rcli.records import Cost, Json, Prediction
from rcli.services.library.records import Record
from rcli.services.models.catalog import Target
from rcli.services.work import cost
from rcli.settings import Settings

MOST_RUNS = 20
"""How many of the last runs count."""


def of(count: int, target: Target, past: Iterable[Record], api: Replicate, settings: Settings) -> Cost:
    """The cost of ``count`` runs that take as long as those in ``past`` did, the newest first.

    Each is taken for a run of the median time; without any that is known its time is not.
    """
    times = sorted(islice(_times(target, past), MOST_RUNS))
    each = cost.of(_typical(target, times), api, settings)
    if each.amount is None:
        is_timeless = not (times or each.hint)
        return replace(each, basis="how long a run takes is not known yet") if is_timeless else each
    median = f"; the median of {len(times)} runs" if len(times) > 1 and "predict_time" in each.basis else ""
    return replace(each, amount=count * each.amount, basis=f"{count} × {each.basis}{median}")


def _times(target: Target, past: Iterable[Record]) -> Iterable[float]:
    """Seconds in which the model worked in each run that succeeded."""
    for record in past:
        reference = record.origin.reference if record.origin else ""
        seconds = record.metrics.get("predict_time")
        if target.model not in (record.entry.model, reference.partition(":")[0]):
            continue
        if isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds >= 0:
            yield float(seconds)


def _typical(target: Target, times: list[float]) -> Prediction:
    """A run as they have been."""
    metrics = {"predict_time": times[len(times) // 2]} if times else {}
    raw: Json = {"id": "typical", "status": "succeeded", "model": target.model, "metrics": metrics}
    if target.kind == "deployment":
        raw["deployment"] = f"{target.owner}/{target.name}"
    return Prediction.from_json(raw)
