"""Variables of runs in the engine's memory: named, bounded, checked."""

from __future__ import annotations

import pytest

from rcli.engine.data.variables import LARGEST_SET, NONE, SETS_KEPT, VariableSets
from rcli.errors import UsageError


def test_the_same_variables_have_one_name_which_no_other_engine_gives() -> None:
    sets = VariableSets()

    one, same = sets.keep({"A": "1", "B": "2"}), sets.keep({"B": "2", "A": "1"})
    elsewhere = VariableSets().keep({"A": "1", "B": "2"})

    assert one == same
    assert sets.get(one.id).pairs == (("A", "1"), ("B", "2"))
    assert one.id != elsewhere.id
    assert sets.get("") == NONE


def test_a_set_s_values_are_in_no_representation() -> None:
    assert "hunter2" not in repr(VariableSets().keep({"A": "hunter2"}))


def test_only_the_last_sets_are_kept() -> None:
    sets = VariableSets()

    first = sets.keep({"A": "first"})
    used = sets.keep({"A": "used"})
    for number in range(SETS_KEPT - 1):
        sets.keep({"A": str(number)})
        sets.keep({"A": "used"})

    with pytest.raises(UsageError, match="does not have the variables"):
        sets.get(first.id)
    assert sets.get(used.id) == used


@pytest.mark.parametrize(
    "raw",
    [
        {"A": "x" * LARGEST_SET},
        {"A": 1},
        {"A": "nul\0"},
        {"A B": "x"},
        {"": "x"},
        {"A=B": "x"},
        {"PATH": "/"},
        {"RCLI_MODE": "train"},
    ],
)
def test_what_no_process_can_be_given_is_refused(raw: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        VariableSets().keep(raw)


def test_weights_are_given_as_with_cog() -> None:
    assert VariableSets().keep({"COG_WEIGHTS": "https://x/w"}).pairs == (("COG_WEIGHTS", "https://x/w"),)
