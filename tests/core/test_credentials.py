"""A token belongs to one base URL."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from rcli import credentials
from rcli.credentials import Token
from rcli.errors import NotAllowed
from rcli.settings import REPLICATE, Host, Settings

WORK = Host("work", "https://models.example.com/v1", "config")


def read(tmp_path: Path, **environ: str) -> Settings:
    return Settings.read({"RCLI_HOME": str(tmp_path), **environ}, tmp_path)


def test_a_kept_token_is_found_for_its_url_and_no_other(tmp_path: Path) -> None:
    credentials.keep(read(tmp_path), WORK, "ada", "secret-of-work")

    settings = read(tmp_path)

    assert credentials.find(settings, WORK) == Token("secret-of-work", str(settings.paths.config_file))
    assert credentials.find(settings, Host("work", "https://moved.example.com/v1", "config")) is None
    assert credentials.find(settings, settings.hosts()[REPLICATE]) is None


def test_the_variable_goes_to_replicate_alone(tmp_path: Path) -> None:
    settings = read(tmp_path, REPLICATE_API_TOKEN="r8_x")

    assert credentials.find(settings, settings.hosts()[REPLICATE]) == Token("r8_x", "REPLICATE_API_TOKEN")
    assert credentials.find(settings, WORK) is None
    assert credentials.find(settings, Host("local", "http://127.0.0.1:1/v1", "engine")) is None


def test_the_file_with_tokens_is_private(tmp_path: Path) -> None:
    credentials.keep(read(tmp_path), WORK, "ada", "s")

    assert stat.S_IMODE(read(tmp_path).paths.config_file.stat().st_mode) == 0o600


def test_forgetting_removes_it(tmp_path: Path) -> None:
    credentials.keep(read(tmp_path), WORK, "ada", "s")

    credentials.forget(read(tmp_path), WORK, "ada")

    assert credentials.find(read(tmp_path), WORK) is None
    assert credentials.kept_for(read(tmp_path), WORK) == []


def test_a_token_is_in_no_repr() -> None:
    assert "hush" not in repr(Token("hush", "config"))


@pytest.mark.parametrize("secret", ["", "  \n", "two words", "r8_ü", "r8_\x00x"])
def test_what_cannot_be_a_header_is_no_token(secret: str) -> None:
    with pytest.raises(NotAllowed, match="that is no token"):
        credentials.check_form(secret)
