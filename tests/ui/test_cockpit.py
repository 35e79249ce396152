"""The cockpit of a training: what stands in it beside its curves."""

from __future__ import annotations

import io

import pytest

from rcli.ui.cockpit import Cockpit


@pytest.fixture
def cockpit() -> Cockpit:
    """One that shows a training which runs."""
    shown = Cockpit("replicate · ada/sdxl", io.StringIO(), coloured=False)
    shown.phase("running")
    return shown


def picture(cockpit: Cockpit) -> list[str]:
    return [line.rstrip() for line in cockpit._picture()]


def test_the_clock_tells_how_long_it_has_been_running_to_whoever_comes_later(cockpit: Cockpit) -> None:
    cockpit.runs(3725)

    assert "running 1:02:05 h" in picture(cockpit)[0]


def test_its_cost_grows_where_a_basis_is_known(cockpit: Cockpit) -> None:
    cockpit.runs(1000)
    cockpit.costs(0.0015)

    assert "about $1.50 so far" in picture(cockpit)[0]


def test_without_a_basis_there_is_no_cost(cockpit: Cockpit) -> None:
    cockpit.runs(1000)

    assert "$" not in picture(cockpit)[0]


def test_other_numbers_stand_below_the_curves_and_stay_with_them(cockpit: Cockpit) -> None:
    cockpit.draw({"loss": [(0.0, 2.0), (10.0, 1.0)]}, {"acc": 0.5, "lr": 1e-5})

    assert picture(cockpit)[-1] == "acc 0.5 · lr 1e-05"
    assert cockpit.final()[-1] == "acc 0.5 · lr 1e-05"


def test_a_fourth_curve_is_told_as_a_number(cockpit: Cockpit) -> None:
    cockpit.draw({f"loss{number}": [(0.0, 2.0), (1.0, float(number))] for number in range(4)}, {})

    assert cockpit.final()[-1] == "loss3 3"
