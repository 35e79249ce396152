"""How much of the work a log line says is done: bars, percentages and counters as programs print them.

A line says it in one of three ways, of which the first that is there counts:

- a bar, as tqdm, pip, wget, git or Keras draw it: ``45%|████▌     | 9/20``, ``7/20 [=====>....]``
- a counter with what it counts, or alone: ``step 120/600``, ``Epoch [2/10]``, ``frame 3 of 10``, ``37/50``
- a percentage with nothing to say that it measures something else: ``Downloading: 45%``, ``12.5 % done``

Of two counters the inner one counts: an epoch's steps before the epochs.
"""

from __future__ import annotations

import re

_LONGEST = 500
"""Characters of a line that are read: nobody writes a bar behind more, and what is read costs time."""

_PERCENT = r"(?<![\w.,/-])(\d{1,3}(?:[.,]\d{1,6})?)\s?%"
_COUNT = (
    r"(?<![\w.,/:-])(?P<done>\d[\d,]{0,11}(?:\.\d{1,4})?)\s?(?P<unit>[kKMGT]?i?B?)\s?"
    r"(?:/|\bof\b)\s{0,6}(?P<total>\d[\d,]{0,11}(?:\.\d{1,4})?)(?P<of>\s?[kKMGT]?i?B\b|[kKMGT]?)(?![\w./%-])"
)
_COUNTED = (
    r"(?:steps?|epochs?|iter(?:ation)?s?|batch(?:es)?|frames?|images?|pictures?|samples?|tiles?|chunks?|segments?"
    r"|files?|pages?|tokens?|layers?|shards?|blocks?|items?|examples?|parts?|rounds?|scenes?|videos?|clips?"
    r"|generations?|rows?|records?|masks?|faces?|stages?|progress|\w{2,30}ing)"
)

_DRAWN = r"[━╸╺─═█▓▒░#=>]{2}[\s|\]]{0,100}"

# Texts and not compiled, which would take 5 ms of every start; ``re`` remembers them once they are used.
_BAR_PERCENT = _PERCENT + r"\s*(?=[|\[━─█▏▎▍▌▋▊▉▓░#=>(*])"
_PERCENT_BEHIND = _DRAWN + _PERCENT
_COUNT_BEHIND = _DRAWN + _COUNT
_BAR_COUNT = _COUNT + r"\s*(?:(?=[|\[━─█▓░#=])|(?=\d+:\d\d\s?<))"
_NAMED_COUNT = rf"(?i)(?P<what>\b{_COUNTED})[\s#:=]{{0,4}}[\[(]?\s{{0,6}}{_COUNT}"
_COUNT_OF = rf"(?i){_COUNT}[\])]?\s{{1,3}}{_COUNTED}\b"
_LONE_COUNT = rf"^[\s\[(]*{_COUNT}(?=[\s\])|:,;]*(?:$|[\[(|]|\d|[A-Z][a-z]+ing\b))"
_ANY_PERCENT = _PERCENT + r"(?!\s?[/\w%-])"
_PERCENT_DONE = (
    rf"(?i){_PERCENT}\s*(?:done|completed?|finished|downloaded|uploaded|loaded|processed|rendered|eta)\b"
)
_SHARE = r"(?i)\bprogress\s{0,3}[:=]\s{0,3}([01]?\.\d{1,9}|[01])(?![\w.,/%])"
_MEASURE = (
    r"(?i)acc(?:uracy)?\b|precision|recall|\bf1\b|loss|\berror|prob|confiden|score|similar|memory|\bv?ram\b|gpu|cpu"
    r"|util|disk|dropout|threshold|spars|\bwer\b|\bcer\b|usage|\bus(?:ed|ing)\b|\bfree\b|battery|nsfw|ratio|aspect"
    r"|quality|volume|opacity|strength|rank|worker|device|node|\bscale\b|split|improve|faster|slower|smaller|larger"
    r"|reduc|keep|kept|drop|prun|percentile|quantile|chance|discount|guidance|version|passed|http"
)


def fraction(line: str) -> float | None:
    """The share of the work that a line of a log says is done, 0 to 1; None for a line that says nothing.

    The line is one without control characters, as a terminal shows it.
    """
    line = line[:_LONGEST]
    if "%" not in line and "/" not in line and " of " not in line and "rogress" not in line:
        return None
    for reading in (_bar, _counter, _percentage):
        if (found := reading(line)) is not None:
            return found
    return None


def _bar(line: str) -> float | None:
    for pattern in (_BAR_PERCENT, _PERCENT_BEHIND):
        if (found := _last(pattern, line)) and (share := _share(found[1])) is not None:
            return share
    found = _last(_BAR_COUNT, line) or _last(_COUNT_BEHIND, line)
    return _counted(found) if found else None


def _counter(line: str) -> float | None:
    """Counters that name what they count, the inner one first, then one that stands alone."""
    named = [*re.finditer(_NAMED_COUNT, line)]
    inner = [found for found in named if not found["what"].lower().startswith("epoch")]
    candidates = [*reversed(inner), *reversed(named), *re.finditer(_COUNT_OF, line)]
    if lone := re.match(_LONE_COUNT, line):
        candidates.append(lone)
    shares = (_counted(found) for found in candidates)
    return next((share for share in shares if share is not None), None)


def _percentage(line: str) -> float | None:
    if found := _last(_SHARE, line):
        return _bounded(float(found[1]))
    if found := _last(_PERCENT_DONE, line):
        return _share(found[1])
    if re.search(_MEASURE, line) or line.count("%") != 1:
        return None
    found = _last(_ANY_PERCENT, line)
    return _share(found[1]) if found else None


def _last(pattern: str, line: str) -> re.Match[str] | None:
    found = None
    for found in re.finditer(pattern, line):  # noqa: B007 -- the last one is what is asked for
        pass
    return found


def _counted(found: re.Match[str]) -> float | None:
    """The share that a counter stands at; amounts of bytes may come in different units."""
    total = _amount(found["total"], found["of"])
    done = _amount(found["done"], found["unit"] or found["of"])
    return _bounded(done / total) if total else None


def _amount(digits: str, unit: str) -> float:
    unit = unit.strip().lower()
    base = 1.024 if "i" in unit else 1.0
    power = max("?kmgt".find(unit[:1] or "?"), 0)
    return float(digits.replace(",", "")) * (base * 1000) ** power


def _share(percent: str) -> float | None:
    return _bounded(float(percent.replace(",", ".")) / 100)


def _bounded(share: float) -> float | None:
    return share if 0 <= share <= 1 else None
