"""The model of names: its gradients are right, its names keep to what was asked, and it learns."""

from __future__ import annotations

import importlib
import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rcli

PROJECT = Path(rcli.__file__).parent / "models" / "names"
OWN_MODULES = [file.stem for file in PROJECT.glob("*.py")]


@pytest.fixture(scope="module", autouse=True)
def _project_is_importable() -> Iterator[None]:
    """Where a model runs, its folder comes first in the search path."""
    sys.path.insert(0, str(PROJECT))
    yield
    sys.path.remove(str(PROJECT))
    for name in OWN_MODULES:
        sys.modules.pop(name, None)


def module(name: str) -> Any:
    return importlib.import_module(name)


@pytest.fixture(scope="module")
def base() -> Any:
    return module("model").load(PROJECT / "base.npz")


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def syllables(count: int, seed: int = 0) -> list[str]:
    """Different names that follow a rule: three syllables of a consonant and a vowel."""
    rng, names = generator(seed), dict[str, None]()
    while len(names) < count:
        names["".join(rng.choice(list("bdgklmn")) + rng.choice(list("aeiou")) for _ in range(3))] = None
    return list(names)


def noise(count: int) -> list[str]:
    """Names that follow no rule: there is nothing to learn but the names themselves."""
    return ["".join(generator(seed).choice(list("abcdefgh"), 8)) for seed in range(count)]


def small(names: list[str]) -> Any:
    return module("model").fresh(names, 24, generator())


def write_names(prompt: str = "", n: int = 10, temperature: float = 0.8, seed: int = 0) -> list[str]:
    runner = module("run").Runner()
    runner.setup()
    return "".join(runner.run(prompt=prompt, n=n, temperature=temperature, seed=seed)).splitlines()


def save_list(folder: Path, names: list[str]) -> Path:
    path = folder / "names.txt"
    path.write_text("\n".join(names), encoding="utf-8")
    return path


def losses(log: str) -> list[float]:
    return [float(loss) for loss in re.findall(r"^step \d+/\d+ train_loss=\S+ val_loss=(\S+)$", log, re.M)]


# The network


def test_each_gradient_is_the_slope_that_the_loss_has() -> None:
    gru, names = module("gru"), ["ana", "bo", "c", "abcabc"]
    model = small(names)
    weights = {name: values.astype(np.float64) for name, values in model.weights.items()}
    batch = module("data").batch(model, names)
    nudge, rng = 1e-5, generator(1)

    def slope(values: Any, place: tuple[int, ...]) -> float:
        middle = values[place]
        values[place] = middle + nudge
        above = gru.loss(weights, *batch)
        values[place] = middle - nudge
        below = gru.loss(weights, *batch)
        values[place] = middle
        return float(above - below) / (2 * nudge)

    found = module("gradients").gradients(weights, *batch)

    assert found.keys() == weights.keys()
    for name, values in weights.items():
        assert found[name].shape == values.shape
        places = [tuple(rng.integers(values.shape)) for _ in range(60)]
        slopes = [slope(values, place) for place in places]
        assert np.abs(slopes).max() > 1e-4
        np.testing.assert_allclose([found[name][place] for place in places], slopes, rtol=1e-6, atol=1e-9)


def test_names_side_by_side_lose_what_they_lose_alone() -> None:
    names = ["a", "abcab"]
    model, gru, batch = small(names), module("gru"), module("data").batch
    alone = [gru.loss(model.weights, *batch(model, [name])) for name in names]

    together = gru.loss(model.weights, *batch(model, names))

    characters = [len(name) + 1 for name in names]
    assert together == pytest.approx(np.average(alone, weights=characters), rel=1e-5)


def test_a_model_that_knows_nothing_is_as_surprised_as_one_that_guesses() -> None:
    names = syllables(60)
    model = small(names)
    nothing = {name: np.zeros_like(values) for name, values in model.weights.items()}

    loss = module("gru").loss(nothing, *module("data").batch(model, names))

    assert loss == pytest.approx(np.log(len(model.alphabet)), rel=1e-5)


# Writing names


@pytest.mark.parametrize("n", [1, 7, 100])
def test_as_many_names_are_written_as_were_asked_for(n: int) -> None:
    names = write_names(n=n)

    assert len(names) == n
    assert all(names)


@pytest.mark.parametrize("prompt", ["M", "Ma", "xy", "Qzqz"])
def test_every_name_begins_as_the_prompt_says(prompt: str) -> None:
    assert all(name.startswith(prompt) for name in write_names(prompt, temperature=2))


def test_the_same_seed_gives_the_same_names_and_another_one_others() -> None:
    assert write_names(seed=5) == write_names(seed=5)
    assert write_names(seed=5) != write_names(seed=6)


def test_more_names_begin_with_those_that_fewer_would_give() -> None:
    assert write_names(n=20)[:5] == write_names(n=5)


def test_each_name_is_given_out_as_soon_as_it_is_written() -> None:
    runner = module("run").Runner()
    runner.setup()

    pieces = list(runner.run(prompt="", n=4, temperature=0.8, seed=0))

    assert len(pieces) == 4
    assert all(piece.endswith("\n") for piece in pieces)


def test_a_low_temperature_keeps_to_the_likely_and_a_high_one_does_not() -> None:
    cool, hot = (len(set(write_names("S", 100, temperature))) for temperature in (0.1, 2))

    assert cool < 20 < 90 < hot


def test_a_model_that_finds_no_end_is_stopped(base: Any) -> None:
    endless = base.copy()
    endless.weights["bias"][0] = -1e9

    assert len(endless.write("Ma", 0.8, generator())) == module("model").LONGEST


def test_a_model_that_ends_at_once_still_writes_a_character(base: Any) -> None:
    curt = base.copy()
    curt.weights["bias"][0] = 100

    assert len(curt.write("", 0.8, generator())) == 1
    assert curt.write("Ma", 0.8, generator()) == "Ma"


@pytest.mark.parametrize("prompt", ["é", "M\n", "7"])
def test_a_prompt_with_characters_that_the_model_never_saw_is_refused(prompt: str) -> None:
    with pytest.raises(ValueError, match=r"never seen '.*'; it knows ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"):
        write_names(prompt)


def test_the_weights_that_come_with_the_model_are_small_and_good() -> None:
    names = write_names(n=100)

    assert (PROJECT / "base.npz").stat().st_size < 500_000
    assert {"Shannon", "Maria", "Anna"} & set(write_names("Sh", 100) + write_names("Mari", 100) + names)
    assert all(name.istitle() for name in write_names(n=100, temperature=0.3))


# Training


def test_training_makes_the_model_better_on_names_that_it_was_not_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = syllables(120)
    left_to_chance = 3 * (np.log(7) + np.log(5)) / 7  # nats: the rule says nothing about which letter it is

    module("training").fit(small(names), names, 200, 0.02, generator())

    validation = losses(capsys.readouterr().out)
    assert len(validation) == 11
    assert validation[0] > 1.5 * left_to_chance
    assert validation[-1] == pytest.approx(left_to_chance, rel=0.15)


def test_the_model_kept_is_the_best_and_not_the_last(capsys: pytest.CaptureFixture[str]) -> None:
    names = noise(60)
    model, rng = small(names), generator()
    _, held = module("data").divided(names, generator())

    best = module("training").fit(model, names, 300, 0.03, rng)

    validation = losses(capsys.readouterr().out)
    assert validation[-1] > 1.5 * min(validation)
    kept = module("gru").loss(best.weights, *module("data").batch(best, held))
    assert kept == pytest.approx(min(validation), abs=1e-4)


def test_names_that_validate_are_not_trained_on() -> None:
    names = syllables(105)

    train, held = module("data").divided(names, generator())

    assert (len(train), len(held)) == (95, 10)
    assert set(train) | set(held) == set(names)


def test_the_same_seed_trains_the_same_model() -> None:
    names, fit = syllables(60), module("training").fit

    first, second = (fit(small(names), names, 50, 0.01, generator(3)) for _ in range(2))

    assert all(np.array_equal(first.weights[name], second.weights[name]) for name in first.weights)


def test_training_leaves_the_model_that_it_began_with_as_it_was() -> None:
    names = syllables(60)
    model = small(names)
    before = model.copy()

    module("training").fit(model, names, 50, 0.01, generator())

    assert all(np.array_equal(model.weights[name], before.weights[name]) for name in before.weights)


def test_new_characters_are_added_and_change_nothing_about_the_old(base: Any) -> None:
    model, gru = module("model"), module("gru")
    read = np.array([base.encode("Ma")]).T

    wider = model.extended(base, ["Жé", "Éa"], generator())

    assert wider.alphabet == base.alphabet + "ÉéЖ"
    old, new = (gru.scores(m.weights, gru.forward(m.weights, read)[0][-1]) for m in (base, wider))
    np.testing.assert_allclose(new[:, : len(base.alphabet)], old, rtol=1e-4, atol=1e-5)


def test_a_saved_model_loses_nothing_that_matters(tmp_path: Path) -> None:
    names, model = syllables(60), module("model")
    before = small(names)
    before.save(tmp_path / "model.npz")

    after = model.load(tmp_path / "model.npz")

    batch = module("data").batch(before, names)
    lost = [module("gru").loss(m.weights, *batch) for m in (before, after)]
    assert after.alphabet == before.alphabet
    assert lost[0] == pytest.approx(lost[1], abs=1e-3)


@pytest.mark.parametrize("from_scratch", [False, True])
def test_a_trained_model_writes_names_like_those_of_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, from_scratch: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    train_data = save_list(tmp_path, [f"{name}-Ж" for name in syllables(80)])
    runner = module("run").Runner()

    trained = module("train").train(
        train_data=train_data, steps=150, learning_rate=0.01, from_scratch=from_scratch, seed=0
    )
    runner.setup(trained.weights)

    names = "".join(runner.run(prompt="", n=50, temperature=0.3, seed=0)).splitlines()
    assert sum(bool(re.fullmatch("([bdgklmn][aeiou])+-Ж", name)) for name in names) >= 40
    assert ("Q" in runner.model.alphabet) is not from_scratch


# Lists of names


def test_the_same_name_written_in_two_ways_counts_once(tmp_path: Path) -> None:
    names = syllables(50)
    more = ["  José ", unicodedata.normalize("NFD", "José"), "", "José"]

    assert module("data").read_names(save_list(tmp_path, names + more)) == [*names, "José"]


def test_lists_from_windows_are_read_too(tmp_path: Path) -> None:
    names = syllables(50)
    path = tmp_path / "names.txt"
    path.write_bytes("\r\n".join(names).encode("utf-8-sig"))

    assert module("data").read_names(path) == names


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the list has 0 different names; at least 50 are needed"),
        (b"Anna\n" * 70, "the list has 1 different names; at least 50 are needed"),
        ("Zoë".encode("latin-1"), "the list is not text in UTF-8: the byte at 2 is wrong"),
        (b"Anna\n" + b"x" * 61, "line 2 has 61 characters; a name has 60 at most"),
        (b"Anna\nBo\tb\n", r"line 2 is not a name: 'Bo\tb'"),
    ],
)
def test_a_list_that_cannot_be_trained_on_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes(content)

    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        module("data").read_names(path)
