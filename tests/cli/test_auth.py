"""Signing in and out: a token is tried before it is kept, kept for one address, shown on request alone."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from rcli.records import Json
from tests.cli.conftest import Shell
from tests.conftest import Result, Run, environment
from tests.processes import ROOT, command
from tests.recording_server import (
    Answer,
    Recorded,
    RecordingServer,
    json_answer,
    problem,
    recording_server,
)

__all__ = ["recording_server"]

UNSET = "unset REPLICATE_API_TOKEN"
GOOD, EVES, WRONG = "r8_" + "G" * 37, "r8_" + "E" * 37, "r8_" + "W" * 37


def account(request: Recorded) -> Answer:
    """The service knows two tokens."""
    names = {f"Bearer {GOOD}": "ada", f"Bearer {EVES}": "eve"}
    if name := names.get(request.headers["Authorization"]):
        return json_answer({"type": "user", "username": name})
    return problem(401, title="Unauthenticated", detail="You did not pass a valid authentication token")


@pytest.fixture
def service(recording_server: RecordingServer) -> RecordingServer:
    recording_server.answer("GET /v1/account", account)
    return recording_server


@pytest.fixture
def env(service: RecordingServer) -> dict[str, str]:
    return {"REPLICATE_BASE_URL": service.url}


@pytest.fixture
def config(home: Path) -> Path:
    return home / "rcli" / "config" / "config.toml"


def login(rcli: Run, env: dict[str, str], token: str = GOOD, *more: str) -> Result:
    return rcli("auth", "login", "--with-token", *more, env=env, stdin=f"  {token}\n".encode())


def told(result: Result) -> tuple[str, str, int]:
    return str(result), result.stderr, result.exit_code


def test_a_token_is_tried_and_kept_for_this_address_alone(
    rcli: Run, config: Path, service: RecordingServer, env: dict[str, str]
) -> None:
    done = login(rcli, env)

    assert told(done) == ("", f"signed in to replicate as ada; the token is kept in {config}\n", 0)
    assert [request.route for request in service.requests] == ["GET /v1/account"]
    assert config.read_text() == (
        f'[tokens."{service.url}/v1"]\nada = "{GOOD}"\n\n[accounts]\n"{service.url}/v1" = "ada"\n'
    )
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert rcli("auth", "token", env=env | {"REPLICATE_BASE_URL": f"{service.url}/v1"}) == f"{GOOD}\n"
    assert rcli("auth", "token", env={"REPLICATE_BASE_URL": "http://127.0.0.1:1"}).exit_code == 4


def test_a_wrong_token_is_not_kept(rcli: Run, config: Path, env: dict[str, str]) -> None:
    refused = login(rcli, env, WRONG)

    said = "error: You did not pass a valid authentication token\n"
    assert told(refused) == ("", f"{said}hint: copy it from https://replicate.com/account/api-tokens\n", 4)
    assert not config.exists()


def test_without_a_network_nothing_is_kept(rcli: Run, config: Path) -> None:
    refused = login(rcli, {"REPLICATE_BASE_URL": "http://127.0.0.1:1"})

    said = (
        "error: nothing answers at 127.0.0.1:1: connection refused; the token could not be tried, and is "
        "not kept\nhint: check the host's address: rcli config list\n"
    )
    assert told(refused) == ("", said, 5)
    assert not config.exists()


@pytest.mark.parametrize("token", ["", "two words", "r8_ünicode"])
def test_what_is_no_token_is_not_sent(
    rcli: Run, service: RecordingServer, env: dict[str, str], token: str
) -> None:
    refused = login(rcli, env, token)

    assert refused.exit_code == 4
    assert refused.stderr.startswith("error: that is no token\n")
    assert service.requests == []


def test_a_config_that_cannot_be_written_is_told(rcli: Run, home: Path, env: dict[str, str]) -> None:
    (home / "rcli" / "config").write_text("a file where the folder should be")

    refused = login(rcli, env)

    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"error: cannot write {home / 'rcli' / 'config' / 'config.toml'}: ")


def test_without_a_terminal_the_token_is_not_asked_for(rcli: Run, env: dict[str, str]) -> None:
    refused = rcli("auth", "login", env=env)

    assert told(refused) == (
        "",
        "error: there is no terminal to ask for the token\nhint: rcli auth login --with-token < token.txt\n",
        2,
    )


def test_on_a_terminal_the_token_is_asked_for_and_not_shown(
    shell: Shell, config: Path, env: dict[str, str]
) -> None:
    session = shell.terminal("auth", "login", env=env, columns=120)
    session.shows("https://replicate.com/account/api-tokens", "Token for replicate:")
    session.press(f"{GOOD}\r")

    assert session.end() == 0
    assert "signed in to replicate as ada" in session.text
    assert GOOD.encode() not in session.raw
    assert GOOD in config.read_text()


def test_leaving_the_question_keeps_nothing(shell: Shell, config: Path, env: dict[str, str]) -> None:
    session = shell.terminal("auth", "login", env=env)
    session.shows("Token for replicate:")
    session.press("\x03")

    assert session.end() == 130
    assert "Traceback" not in session.text
    assert not config.exists()


def test_the_variable_that_wins_over_the_kept_token_is_told(rcli: Run, env: dict[str, str]) -> None:
    done = login(rcli, env | {"REPLICATE_API_TOKEN": WRONG})

    assert done.exit_code == 0
    assert done.stderr.endswith(f"wins over the stored token: {UNSET}\n")


def test_an_empty_variable_is_none(rcli: Run, env: dict[str, str]) -> None:
    done = login(rcli, env | {"REPLICATE_API_TOKEN": " "})
    used = rcli("account", "show", "-q", env=env | {"REPLICATE_API_TOKEN": " "})

    assert "REPLICATE_API_TOKEN" not in done.stderr
    assert used == "ada\n"


def test_a_wrong_variable_is_what_is_wrong_however_good_the_kept_token_is(
    rcli: Run, env: dict[str, str]
) -> None:
    login(rcli, env)
    wrong = env | {"REPLICATE_API_TOKEN": WRONG}

    used = rcli("account", "show", env=wrong)
    status = rcli("auth", "status", env=wrong)
    out = rcli("auth", "logout", env=wrong)
    again = rcli("auth", "logout", env=wrong)

    what = f"hint: REPLICATE_API_TOKEN is what is wrong, and wins over rcli auth login: {UNSET}\n"
    assert told(used) == ("", f"error: You did not pass a valid authentication token\n{what}", 4)
    assert status.exit_code == 0
    assert out.stderr.endswith(f"warning: REPLICATE_API_TOKEN is set, and goes on being used: {UNSET}\n")
    assert again.stderr.endswith(f"hint: {UNSET}, which is the token in use\n")


def test_a_variable_that_can_be_no_token_is_named(rcli: Run, env: dict[str, str]) -> None:
    refused = rcli("account", "show", env=env | {"REPLICATE_API_TOKEN": "two words"})

    assert refused.stderr.startswith("error: what is in REPLICATE_API_TOKEN is no token\n")
    assert refused.exit_code == 4


def test_a_token_of_cog_login_in_the_variable_is_explained(rcli: Run, env: dict[str, str]) -> None:
    refused = rcli("account", "show", env=env | {"REPLICATE_API_TOKEN": "a" * 40})

    assert "tokens of the API begin with r8_, and those of cog login" in refused.stderr
    assert refused.stderr.endswith(f"{UNSET}\n")


def test_who_has_no_right_is_sent_to_see_who_they_are(
    rcli: Run, service: RecordingServer, env: dict[str, str]
) -> None:
    service.answer("GET /v1/account", problem(403, detail="You have no access to this"))

    refused = rcli("account", "show", env=env | {"REPLICATE_API_TOKEN": GOOD})

    said = "error: You have no access to this\nhint: who you are there: rcli auth status --host replicate\n"
    assert told(refused) == ("", said, 4)


def test_the_engine_on_this_machine_needs_no_sign_in(rcli: Run, env: dict[str, str]) -> None:
    refused = login(rcli, env, GOOD, "--host", "local")

    assert told(refused) == (
        "",
        "error: the engine on this machine needs no sign-in\nhint: rcli auth token --host local\n",
        2,
    )


def test_the_engines_token_is_there_once_it_has_run(rcli: Run) -> None:
    before = rcli("auth", "token", "--host", "local")
    rcli("models", "list", "--host", "local")
    after = rcli("auth", "token", "--host", "local")

    assert told(before) == (
        "",
        "error: there is no token for local\nhint: rcli serve starts it\n",
        4,
    )
    assert (len(after.strip()) > 20, after.exit_code) == (True, 0)


def test_signing_out_forgets_the_token(rcli: Run, config: Path, env: dict[str, str]) -> None:
    login(rcli, env)

    out = rcli("auth", "logout", env=env)
    again = rcli("auth", "logout", env=env)
    token = rcli("auth", "token", env=env | {"RCLI_HOST": "replicate"})

    assert told(out) == ("", "signed out of replicate as ada\n", 0)
    assert GOOD not in config.read_text()
    assert told(again) == ("", "error: no token is stored for replicate\nhint: rcli auth status\n", 1)
    assert told(token) == ("", "error: there is no token for replicate\nhint: rcli auth login\n", 4)


def test_the_status_says_who_is_signed_in_where(rcli: Run, config: Path, env: dict[str, str]) -> None:
    nobody = rcli("auth", "status", env=env)
    login(rcli, env)
    rcli("config", "set", "hosts.work.url", "https://models.example.com", env=env)

    somebody = rcli("auth", "status", env=env)
    as_json = rcli("auth", "status", "--json", env=env)

    assert told(nobody) == (
        "replicate\t\t\tnot signed in\n",
        "error: not signed in\nhint: rcli auth login\n",
        4,
    )
    assert told(somebody) == (f"replicate\tada\t*\t{config}\nwork\t\t\tnot signed in\n", "", 0)
    assert json.loads(as_json) == [
        {"host": "replicate", "account": "ada", "used": True, "token": str(config)},
        {"host": "work", "account": None, "used": False, "token": "not signed in"},
    ]


def test_a_token_that_is_refused_is_nobodys(rcli: Run, env: dict[str, str]) -> None:
    refused = rcli("auth", "status", env=env | {"REPLICATE_API_TOKEN": WRONG})

    assert (refused, refused.exit_code) == ("replicate\t\t*\tREPLICATE_API_TOKEN: refused\n", 4)
    assert WRONG not in refused.stderr


def test_a_host_that_does_not_answer_hides_no_other(rcli: Run, config: Path, env: dict[str, str]) -> None:
    login(rcli, env)
    nobody = "http://127.0.0.1:1/v1"
    config.write_text(f'tokens."{nobody}" = "{GOOD}"\n{config.read_text()}\n[hosts.work]\nurl = "{nobody}"\n')

    both = rcli("auth", "status", env=env)
    alone = rcli("auth", "status", "--host", "work", env=env)

    rows = f"replicate\tada\t*\t{config}\nwork\t\t*\t{config}: no answer\n"
    assert (both, both.exit_code) == (rows, 0)
    assert alone.exit_code == 5


def test_a_named_host_has_a_token_of_its_own(rcli: Run, service: RecordingServer) -> None:
    rcli("config", "set", "hosts.work.url", service.url)

    done = rcli("auth", "login", "--host", "work", "--with-token", stdin=GOOD.encode())
    shown = rcli("auth", "token", "--host", "work")
    other = rcli("auth", "token", "--host", "replicate")

    assert done.stderr.startswith("signed in to work as ada;")
    assert (shown, other, other.exit_code) == (f"{GOOD}\n", "", 4)


def test_an_unknown_host_is_told_with_those_that_there_are(rcli: Run) -> None:
    refused = rcli("auth", "login", "--host", "wrok", "--with-token", stdin=GOOD.encode())

    assert told(refused) == ("", "error: there is no host 'wrok'\nhint: hosts: local, replicate\n", 2)


# several accounts


@pytest.fixture
def both(rcli: Run, env: dict[str, str]) -> dict[str, str]:
    """Ada signed in, and then Eve."""
    login(rcli, env, GOOD)
    login(rcli, env, EVES)
    return env


def test_a_second_account_is_kept_beside_the_first_and_used(
    rcli: Run, config: Path, both: dict[str, str]
) -> None:
    status = rcli("auth", "status", env=both)

    assert status == f"replicate\tada\t\t{config}\nreplicate\teve\t*\t{config}\n"
    assert rcli("auth", "token", "--host", "replicate", env=both) == f"{EVES}\n"
    assert rcli("auth", "token", "ada", "--host", "replicate", env=both) == f"{GOOD}\n"


def test_commands_use_the_account_that_was_switched_to(
    rcli: Run, service: RecordingServer, both: dict[str, str]
) -> None:
    by_name = rcli("auth", "switch", "ada", env=both)
    first = rcli("account", "show", "-q", env=both)
    the_other = rcli("auth", "switch", env=both)
    second = rcli("account", "show", "-q", env=both)

    assert told(by_name) == ("", "replicate is used as ada now\n", 0)
    assert told(the_other) == ("", "replicate is used as eve now\n", 0)
    assert (first, second) == ("ada\n", "eve\n")


def test_one_account_is_signed_out_and_the_other_stays(rcli: Run, config: Path, both: dict[str, str]) -> None:
    out = rcli("auth", "logout", "eve", env=both)
    shown = rcli("auth", "token", "--host", "replicate", env=both)

    assert told(out) == ("", "signed out of replicate as eve\nreplicate is used as ada now\n", 0)
    assert shown == f"{GOOD}\n"
    assert EVES not in config.read_text()


def test_all_accounts_are_signed_out_at_once(rcli: Run, config: Path, both: dict[str, str]) -> None:
    out = rcli("auth", "logout", "--all", env=both)

    assert out.exit_code == 0
    assert config.read_text().strip() == ""


def test_an_unknown_account_is_told_with_the_nearest(rcli: Run, both: dict[str, str]) -> None:
    said = "error: nobody is signed in to replicate as adda\nhint: did you mean ada?\n"

    assert told(rcli("auth", "switch", "adda", env=both)) == ("", said, 1)
    assert told(rcli("auth", "logout", "adda", env=both)) == ("", said, 1)


def test_with_one_account_there_is_nothing_to_switch_to(rcli: Run, env: dict[str, str]) -> None:
    login(rcli, env)

    refused = rcli("auth", "switch", env=env)

    said = "error: ada is all that is stored for replicate\nhint: rcli auth login adds another\n"
    assert told(refused) == ("", said, 2)


def test_without_any_account_there_is_nothing_to_switch(rcli: Run, env: dict[str, str]) -> None:
    refused = rcli("auth", "switch", env=env)

    assert told(refused) == ("", "error: no token is stored for replicate\nhint: rcli auth login\n", 1)


def test_of_three_accounts_one_has_to_be_named(
    rcli: Run, service: RecordingServer, both: dict[str, str]
) -> None:
    service.answer("GET /v1/account", json_answer({"type": "user", "username": "joe"}))
    login(rcli, both, "r8_" + "J" * 37)

    refused = rcli("auth", "switch", env=both)

    assert refused.stderr.startswith("error: which account of replicate? There are ada, eve, joe\n")
    assert refused.exit_code == 2


def test_a_token_that_was_written_by_hand_is_used_without_a_name(
    rcli: Run, config: Path, service: RecordingServer, env: dict[str, str]
) -> None:
    config.parent.mkdir(parents=True)
    config.write_text(f'[tokens]\n"{service.url}/v1" = "{GOOD}"\n')

    before = rcli("account", "show", "-q", env=env)
    login(rcli, env, EVES)
    after = rcli("account", "show", "-q", env=env)

    assert (before, after) == ("ada\n", "eve\n")
    assert GOOD not in config.read_text()


# the wrong kind of token


def test_a_token_of_cog_login_is_explained(rcli: Run, config: Path, env: dict[str, str]) -> None:
    refused = login(rcli, env, "a" * 40)

    assert told(refused) == (
        "",
        "error: You did not pass a valid authentication token: tokens of the API begin with r8_, and those "
        "of cog login (https://replicate.com/auth/token) can do nothing but push\n"
        "hint: copy it from https://replicate.com/account/api-tokens\n",
        4,
    )
    assert not config.exists()


@pytest.mark.parametrize(
    ("secret", "kind"),
    [
        ("whsec_C2FVsBQIhrscChlQIMV", "the key that signs webhooks"),
        ("hf_abcdefgh", "a token of Hugging Face"),
        ("sk-proj-abcdefgh", "a key of OpenAI or one like it"),
        ("ghp_abcdefgh", "a token of GitHub"),
    ],
)
def test_the_secret_of_another_service_is_named_and_not_sent(
    rcli: Run, service: RecordingServer, env: dict[str, str], secret: str, kind: str
) -> None:
    refused = login(rcli, env, secret)

    assert refused.exit_code == 4
    assert refused.stderr.startswith(f"error: that is {kind}, not a token of Replicate's API\n")
    assert service.requests == []


# the system's keyring, played by a backend as keyring's own configuration loads it

KEYRING = """
import json, os, pathlib
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

PLACE = pathlib.Path(os.environ["TEST_KEYRING"])

class Keyring(KeyringBackend):
    priority = 1

    def _all(self):
        return json.loads(PLACE.read_text()) if PLACE.exists() else {}

    def get_password(self, service, username):
        return self._all().get(f"{service} {username}")

    def set_password(self, service, username, password):
        PLACE.write_text(json.dumps(self._all() | {f"{service} {username}": password}))

    def delete_password(self, service, username):
        kept = self._all()
        if kept.pop(f"{service} {username}", None) is None:
            raise PasswordDeleteError("not there")
        PLACE.write_text(json.dumps(kept))
"""


@pytest.fixture
def keyring_env(home: Path, tmp_path: Path, env: dict[str, str]) -> dict[str, str]:
    """The environment of a process whose keyring is the test's own."""
    (tmp_path / "test_keyring_backend.py").write_text(KEYRING)
    return (
        environment(home)
        | env
        | {
            "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}",
            "PYTHON_KEYRING_BACKEND": "test_keyring_backend.Keyring",
            "TEST_KEYRING": str(tmp_path / "keyring.json"),
        }
    )


def in_process(env: dict[str, str], *argv: str, stdin: str = "") -> tuple[str, str, int]:
    done = subprocess.run(command(*argv), env=env, input=stdin, capture_output=True, text=True, timeout=60)
    return done.stdout, done.stderr, done.returncode


def test_the_keyring_keeps_the_token_when_it_is_told_to(
    config: Path, tmp_path: Path, service: RecordingServer, keyring_env: dict[str, str]
) -> None:
    in_process(keyring_env, "config", "set", "token_store", "keyring")
    done = in_process(keyring_env, "auth", "login", "--with-token", stdin=GOOD)
    shown = in_process(keyring_env, "auth", "token")
    status = in_process(keyring_env, "auth", "status")
    kept: Json = json.loads((tmp_path / "keyring.json").read_text())
    out = in_process(keyring_env, "auth", "logout")
    again = in_process(keyring_env, "auth", "logout")

    assert done == ("", "signed in to replicate as ada; the token is kept in the keyring\n", 0)
    assert shown == (f"{GOOD}\n", "", 0)
    assert status == ("replicate\tada\t*\tkeyring\n", "", 0)
    assert kept == {f"rcli ada {service.url}/v1": GOOD}
    assert GOOD not in config.read_text()
    assert out == ("", "signed out of replicate as ada\n", 0)
    assert again[2] == 1


def test_a_system_without_a_keyring_is_told(keyring_env: dict[str, str]) -> None:
    env = keyring_env | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    in_process(env, "config", "set", "token_store", "keyring")

    refused = in_process(env, "auth", "login", "--with-token", stdin=GOOD)

    said = (
        "error: the system's keyring does not answer: No recommended backend was available\n"
        "hint: to keep tokens in a file: rcli config set token_store file && rcli auth login\n"
    )
    assert refused == ("", said, 1)


def test_a_keyring_that_cannot_be_loaded_is_told_and_its_hint_mends_it(
    config: Path, keyring_env: dict[str, str]
) -> None:
    in_process(keyring_env, "config", "set", "token_store", "keyring")
    in_process(keyring_env, "auth", "login", "--with-token", stdin=GOOD)
    env = keyring_env | {"PYTHON_KEYRING_BACKEND": "no.such.backend"}

    refused = in_process(env, "account", "show", "-q")
    in_process(env, "config", "set", "token_store", "file")
    in_process(env, "auth", "login", "--with-token", stdin=GOOD)
    mended = in_process(env, "account", "show", "-q")

    said = "error: the system's keyring does not answer: No module named 'no'\n"
    assert (refused[1].startswith(said), refused[2]) == (True, 1)
    assert mended == ("ada\n", "", 0)


def test_two_accounts_in_the_keyring_are_told_apart(keyring_env: dict[str, str]) -> None:
    in_process(keyring_env, "config", "set", "token_store", "keyring")
    for token in (GOOD, EVES):
        in_process(keyring_env, "auth", "login", "--with-token", stdin=token)

    in_process(keyring_env, "auth", "switch", "ada")
    first = in_process(keyring_env, "auth", "token")
    in_process(keyring_env, "auth", "logout", "ada")
    second = in_process(keyring_env, "auth", "token")

    assert (first[0], second[0]) == (f"{GOOD}\n", f"{EVES}\n")


def test_the_keyring_is_not_touched_unless_it_is_told_to(tmp_path: Path, keyring_env: dict[str, str]) -> None:
    env = keyring_env | {"PYTHON_KEYRING_BACKEND": "no.such.backend"}

    done = in_process(env, "auth", "login", "--with-token", stdin=GOOD)
    shown = in_process(env, "auth", "token")

    assert (done[2], shown) == (0, (f"{GOOD}\n", "", 0))
