"""What a prediction has cost: known with its basis, or unknown and said to be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rcli import settings as keys
from rcli.errors import UsageError
from rcli.records import Prediction
from rcli.services.work import cost
from rcli.services.work.cost import Billing, estimate
from rcli.settings import LIST_PRICES_FROM, Setting, Settings
from rcli.ui import views

LISTED = f"list price, {LIST_PRICES_FROM}"


def settings(tmp_path: Path, text: str = "") -> Settings:
    file = tmp_path / "home" / "config" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return Settings.read({"RCLI_HOME": str(tmp_path / "home")}, tmp_path)


def prediction(**more: Any) -> Prediction:
    told = {"id": "p1", "status": "succeeded", "model": "me/dinos-2.1", "metrics": {"predict_time": 3.4}}
    return Prediction.from_json(told | more)


def told(tmp_path: Path, text: str, billed: Billing = "public", **more: Any) -> str:
    return views.cost(estimate(prediction(**more), settings(tmp_path, text), lambda: billed))


BY_TIME = '[price]\n"me/dinos-2.1" = "gpu-l40s"\n'
BY_RUN = '[price]\n"me/dinos-2.1" = 0.04\n'


def test_a_public_model_costs_the_time_in_which_it_worked(tmp_path: Path) -> None:
    assert told(tmp_path, BY_TIME) == f"$0.0033 (predict_time 3.4 s × gpu-l40s $0.000975/s, {LISTED})"


@pytest.mark.parametrize(
    ("billed", "why"),
    [
        ("private", "a private model's setup and idle time are billed too"),
        ("deployment", "a deployment's setup and idle time are billed too"),
        ("unknown", "setup and idle time are billed too, unless the model is public"),
    ],
)
def test_where_more_than_that_is_billed_it_is_the_least(tmp_path: Path, billed: Billing, why: str) -> None:
    known = estimate(prediction(), settings(tmp_path, BY_TIME), lambda: billed)

    assert known.amount == pytest.approx(3.4 * 0.000975)
    assert known.is_least
    assert views.cost(known).startswith("at least $0.0033 (predict_time")
    assert known.basis.endswith(f"; {why}")


def test_an_official_model_is_not_billed_by_time(tmp_path: Path) -> None:
    assert told(tmp_path, BY_TIME, "official") == (
        "cost unknown (official models bill by output; "
        "to tell it: rcli config set price.me/dinos-2.1 USD-PER-RUN)"
    )


def test_a_run_s_price_is_what_the_user_says(tmp_path: Path) -> None:
    assert told(tmp_path, BY_RUN, "official") == "$0.040 (a run's price as set)"


def test_a_run_that_failed_has_no_known_price(tmp_path: Path) -> None:
    assert told(tmp_path, BY_RUN, status="failed") == (
        "cost unknown (a price of a run is known, but this one did not succeed)"
    )


def test_time_of_a_run_that_failed_was_used_all_the_same(tmp_path: Path) -> None:
    assert told(tmp_path, BY_TIME, status="failed").startswith("$0.0033 (")


def test_without_a_price_the_cost_is_unknown_and_the_hint_tells_how(tmp_path: Path) -> None:
    assert told(tmp_path, "") == "cost unknown (to tell it: rcli config set price.me/dinos-2.1 SKU)"


def test_nobody_is_asked_how_it_is_billed_where_that_does_not_matter(tmp_path: Path) -> None:
    def asked() -> Billing:
        raise AssertionError

    for text in ("", BY_RUN):
        estimate(prediction(), settings(tmp_path, text), asked)


@pytest.mark.parametrize("model", ["", "dinos", "$(reboot)/x", "me/a b", "me/x;y", "a/b/c"])
def test_a_name_that_is_none_comes_into_no_command(tmp_path: Path, model: str) -> None:
    assert told(tmp_path, BY_TIME, model=model) == "cost unknown"


def test_a_hardware_without_a_price_is_said_to_be_one(tmp_path: Path) -> None:
    text = '[price]\n"me/dinos-2.1" = "gpu-b300"\n'

    unknown = told(tmp_path, text)
    known = told(tmp_path, text + "[prices]\ngpu-b300 = 0.002\n")

    assert unknown == (
        "cost unknown (gpu-b300 has no price; to tell it: rcli config set prices.gpu-b300 USD-PER-SECOND)"
    )
    assert known == "$0.0068 (predict_time 3.4 s × gpu-b300 $0.002/s, price as set)"


def test_a_list_price_can_be_set_anew_and_says_so(tmp_path: Path) -> None:
    text = BY_TIME + "[prices]\ngpu-l40s = 1\n"

    assert told(tmp_path, text) == "$3.40 (predict_time 3.4 s × gpu-l40s $1/s, price as set)"


def test_a_deployment_has_a_price_of_its_own_before_its_model(tmp_path: Path) -> None:
    text = BY_TIME + '"deployments/me/fast" = "gpu-h100"\n'

    assert "gpu-h100" in told(tmp_path, text, "deployment", deployment="me/fast")
    assert "gpu-l40s" in told(tmp_path, text, "deployment", deployment="me/other")


def test_without_predict_time_the_times_of_its_states_count(tmp_path: Path) -> None:
    times: dict[str, Any] = {
        "started_at": "2026-01-02T03:04:05Z",
        "completed_at": "2026-01-02T03:04:07Z",
        "metrics": {},
    }

    assert told(tmp_path, BY_TIME, **times).startswith("$0.0019 (running time 2 s × gpu-l40s")
    assert told(tmp_path, BY_TIME, metrics={}) == "cost unknown (the service told no time)"


def test_this_machine_is_free() -> None:
    assert views.cost(cost.FREE) == "free, this machine"


@pytest.mark.parametrize(
    ("amount", "text"),
    [(12.4, "$12.40"), (0.5, "$0.50"), (0.04, "$0.040"), (0.003315, "$0.0033"), (0.0000012, "$0.0000012")],
)
def test_an_amount_has_two_digits_that_say_something(amount: float, text: str) -> None:
    assert views.dollars(amount) == text


# settings


def test_the_list_prices_are_settings_with_their_date(tmp_path: Path) -> None:
    assert settings(tmp_path).get("prices.gpu-h100") == Setting("prices.gpu-h100", 0.001525, LISTED)


def test_prices_that_are_set_are_listed(tmp_path: Path) -> None:
    read = settings(tmp_path, BY_TIME + "[prices]\ngpu-b300 = 0.002\n")

    listed = {setting.key: setting.value for setting in read.all()}

    assert listed["price.me/dinos-2.1"] == "gpu-l40s"
    assert listed["prices.gpu-b300"] == 0.002
    assert listed["prices.cpu"] == 0.0001


def test_a_name_with_dots_is_one_key_in_the_file(tmp_path: Path) -> None:
    read = settings(tmp_path)

    keys.write(read.paths, keys.path_of("price.me/dinos-2.1"), "gpu-l40s")
    written = read.paths.config_file.read_text()
    keys.write(read.paths, keys.path_of("price.me/dinos-2.1"), None)

    assert written == '[price]\n"me/dinos-2.1" = "gpu-l40s"\n'
    assert read.paths.config_file.read_text().strip() == ""


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("price.me/dinos", "gpu-l40s", "gpu-l40s"),
        ("price.me/dinos", "0.04", 0.04),
        ("price.deployments/me/fast", "gpu-h100", "gpu-h100"),
        ("prices.gpu-b300", "2e-3", 0.002),
    ],
)
def test_a_price_is_a_hardware_or_an_amount(name: str, text: str, value: object) -> None:
    assert keys.parse_value(keys.find_key(name), text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [("price.me/dinos", "$3"), ("price.me/dinos", "-1"), ("price.me/dinos", "nan"), ("prices.cpu", "much")],
)
def test_what_is_no_price_is_refused(name: str, text: str) -> None:
    with pytest.raises(UsageError, match="takes"):
        keys.parse_value(keys.find_key(name), text)


@pytest.mark.parametrize(
    "text", ['[price]\ndinos = "cpu"\n', "[prices]\nCPU = 1\n", "price = 1\n", "prices = 1\n"]
)
def test_a_config_with_what_is_no_price_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="unknown setting"):
        settings(tmp_path, text)
