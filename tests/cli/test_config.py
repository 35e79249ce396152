"""Settings from the command line: what holds, where it comes from, and that no command can spoil the file."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from rcli.settings import KEYS, LIST_PRICES_FROM
from tests.cli.conftest import Shell
from tests.conftest import Result, Run


@pytest.fixture
def config(home: Path) -> Path:
    return home / "rcli" / "config" / "config.toml"


def told(result: Result) -> tuple[str, str, int]:
    return str(result), result.stderr, result.exit_code


def test_the_path_is_told_before_the_file_exists(rcli: Run, config: Path) -> None:
    assert told(rcli("config", "path")) == (f"{config}\n", "", 0)
    assert not config.exists()


def test_every_setting_is_listed_with_its_origin(rcli: Run, config: Path) -> None:
    rcli("config", "set", "engine.idle", "30m")
    rcli("config", "set", "hosts.work.url", "https://models.example.com")
    rcli("config", "set", "price.me/dinos-2.1", "gpu-l40s")

    listed = rcli("config", "list", env={"RCLI_HOST": "work"})

    assert listed == (
        "host\twork\tRCLI_HOST\n"
        "output_dir\t\tdefault\n"
        "preview\ton\tdefault\n"
        "token_store\tfile\tdefault\n"
        "library\ton\tdefault\n"
        "engine.port\t7878\tdefault\n"
        f"engine.idle\t1800\t{config}\n"
        "engine.replica_idle\t300\tdefault\n"
        "engine.setup_timeout\t600\tdefault\n"
        "engine.max_replicas\t0\tdefault\n"
        "engine.max_queue\t1000\tdefault\n"
        "engine.memory_reserve\t512\tdefault\n"
        "engine.disk_reserve\t500\tdefault\n"
        "engine.retention\t2592000\tdefault\n"
        "engine.quota\t0\tdefault\n"
        f"prices.cpu\t0.0001\tlist price, {LIST_PRICES_FROM}\n"
        f"prices.gpu-t4\t0.000225\tlist price, {LIST_PRICES_FROM}\n"
        f"prices.gpu-a40-small\t0.000575\tlist price, {LIST_PRICES_FROM}\n"
        f"prices.gpu-a40-large\t0.000725\tlist price, {LIST_PRICES_FROM}\n"
        f"prices.gpu-l40s\t0.000975\tlist price, {LIST_PRICES_FROM}\n"
        f"prices.gpu-a100-large\t0.0014\tlist price, {LIST_PRICES_FROM}\n"
        f"prices.gpu-h100\t0.001525\tlist price, {LIST_PRICES_FROM}\n"
        f"price.me/dinos-2.1\tgpu-l40s\t{config}\n"
        "hosts.replicate.url\thttps://api.replicate.com/v1\tdefault\n"
        f"hosts.work.url\thttps://models.example.com/v1\t{config}\n"
    )


def test_settings_are_json_too(rcli: Run) -> None:
    listed = json.loads(rcli("config", "list", "--json"))
    got = json.loads(rcli("config", "get", "engine.port", "--json"))

    assert listed[0].items() >= {"key": "host", "value": None, "origin": "default"}.items()
    assert got == {
        "key": "engine.port",
        "value": 7878,
        "origin": "default",
        "about": "the port of rcli serve",
        "kind": "number",
        "default": 7878,
    }


def test_a_setting_that_is_not_set_prints_nothing(rcli: Run) -> None:
    assert told(rcli("config", "get", "output_dir")) == ("", "", 0)


def test_a_value_is_set_removed_and_the_comments_stay(rcli: Run, config: Path) -> None:
    config.parent.mkdir(parents=True)
    config.write_text("# mine\n[engine] # all of it\nport = 1 # for now\n")

    rcli("config", "set", "engine.port", "9000")
    changed = config.read_text()
    rcli("config", "set", "engine.port", "")

    assert changed == "# mine\n[engine] # all of it\nport = 9000 # for now\n"
    assert rcli("config", "get", "engine.port") == "7878\n"
    assert stat.S_IMODE(config.stat().st_mode) == 0o600


def test_an_unknown_setting_is_refused_with_the_nearest(rcli: Run, config: Path) -> None:
    said = "error: there is no setting 'engine.idel'\nhint: did you mean engine.idle?\n"

    assert told(rcli("config", "get", "engine.idel")) == ("", said, 2)
    assert told(rcli("config", "set", "engine.idel", "1")) == ("", said, 2)
    assert not config.exists()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("engine.port", "70000", "engine.port takes a whole number, not 70000"),
        ("engine.port", "http", "engine.port takes a whole number, not 'http'"),
        ("engine.idle", "soon", "engine.idle takes seconds (90, 15m, 2h, 30d), not 'soon'"),
        ("token_store", "cloud", "token_store takes file or keyring, not 'cloud'"),
        (
            "price.me/dinos",
            "$3",
            "price.me/dinos takes a hardware's name (gpu-l40s) or the US dollars for a run",
        ),
        ("prices.cpu", "much", "prices.cpu takes US dollars (0.000975), not 'much'"),
        ("hosts.work.url", "models.example.com", "'models.example.com' is no base URL"),
        ("hosts.WORK.url", "https://models.example.com", "'WORK' cannot be the name of a host"),
        ("hosts.local.url", "https://models.example.com", "'local' cannot be the name of a host"),
        ("hosts.wo rk.url", "https://models.example.com", "'wo rk' cannot be the name of a host"),
    ],
)
def test_what_does_not_fit_is_refused_and_not_written(
    rcli: Run, config: Path, key: str, value: str, said: str
) -> None:
    refused = rcli("config", "set", key, value)

    assert refused.exit_code == 2
    assert said in refused.stderr
    assert not config.exists()


def test_a_host_can_be_removed_again(rcli: Run) -> None:
    rcli("config", "set", "hosts.work.url", "https://models.example.com")
    removed = rcli("config", "set", "hosts.work.url", "")
    after = rcli("config", "list")

    assert (removed.exit_code, after.exit_code, after.stderr) == (0, 0, "")
    assert "work" not in after


def test_tokens_are_not_listed(rcli: Run, config: Path) -> None:
    config.parent.mkdir(parents=True)
    config.write_text('[tokens]\n"https://api.replicate.com/v1" = "r8_hush"\n')

    listed = rcli("config", "list")
    asked = rcli("config", "get", "tokens")

    assert "r8_hush" not in listed + listed.stderr + asked + asked.stderr
    assert (listed.exit_code, asked.exit_code) == (0, 2)


def test_a_broken_file_is_named_with_its_line(rcli: Run, config: Path) -> None:
    config.parent.mkdir(parents=True)
    config.write_text('host = "local"\nengine = {{\n')

    refused = rcli("config", "list")

    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"error: {config}: ")
    assert "line 2" in refused.stderr


def test_the_path_is_told_even_when_the_file_is_broken(rcli: Run, config: Path) -> None:
    config.parent.mkdir(parents=True)
    config.write_text("{{")

    assert told(rcli("config", "path")) == (f"{config}\n", "", 0)


def test_a_file_that_cannot_be_written_is_told(rcli: Run, home: Path) -> None:
    (home / "rcli" / "config").write_text("a file where the folder should be")

    refused = rcli("config", "set", "engine.port", "1")

    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"error: cannot write {home / 'rcli' / 'config' / 'config.toml'}: ")


def test_a_host_can_be_read_as_it_is_listed(rcli: Run) -> None:
    rcli("config", "set", "hosts.work.url", "https://models.example.com")

    assert rcli("config", "get", "hosts.work.url") == "https://models.example.com/v1\n"
    assert rcli("config", "get", "hosts.replicate.url") == "https://api.replicate.com/v1\n"


def test_every_setting_is_documented_in_json(rcli: Run) -> None:
    listed = json.loads(rcli("config", "list", "--json"))

    settings = [row for row in listed if not row["key"].startswith("hosts.")]
    assert len(settings) == len(KEYS)
    assert all(row["about"] and row["kind"] and row["origin"] for row in settings)
    assert settings[0]["variable"] == "RCLI_HOST"


# hosts


def test_hosts_are_added_used_listed_and_removed(rcli: Run, config: Path) -> None:
    added = rcli("config", "host", "add", "work", "https://models.example.com")
    used = rcli("config", "host", "use", "work")
    listed = rcli("config", "host", "list")
    removed = rcli("config", "host", "remove", "work")

    assert told(added) == (
        "",
        "work is https://models.example.com/v1; sign in: rcli auth login --host work\n",
        0,
    )
    assert told(used) == ("", "commands talk to work unless they say otherwise\n", 0)
    assert listed == (
        "local\t\t\tengine\n"
        "replicate\t\thttps://api.replicate.com/v1\tdefault\n"
        f"work\t*\thttps://models.example.com/v1\t{config}\n"
    )
    assert told(removed) == ("", "work is forgotten\n", 0)
    assert config.read_text().strip() == ""


def test_a_removed_host_takes_its_tokens_along(rcli: Run, config: Path) -> None:
    rcli("config", "host", "add", "work", "https://models.example.com")
    config.write_text(config.read_text() + '\n[tokens."https://models.example.com/v1"]\nada = "hush"\n')

    removed = rcli("config", "host", "remove", "work")

    assert told(removed) == ("", "signed out of work as ada\nwork is forgotten\n", 0)
    assert "hush" not in config.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "local", "https://x.example"], "'local' cannot be the name of a host"),
        (["add", "work", "models.example.com"], "'models.example.com' is no base URL"),
        (["use", "wrok"], "there is no host 'wrok'"),
        (["remove", "replicate"], "replicate comes with rcli and cannot be removed"),
        (["remove", "local"], "local comes with rcli and cannot be removed"),
        (["remove", "wrok"], "there is no host 'wrok'"),
    ],
)
def test_a_host_that_cannot_be_is_refused(rcli: Run, config: Path, words: list[str], said: str) -> None:
    refused = rcli("config", "host", *words)

    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"error: {said}")
    assert not config.exists()


def test_a_variable_that_wins_over_the_used_host_is_told(rcli: Run) -> None:
    used = rcli("config", "host", "use", "local", env={"RCLI_HOST": "replicate"})

    assert used.stderr.endswith("warning: RCLI_HOST says replicate, and wins\n")


# the editor


def editor(tmp_path: Path, script: str) -> dict[str, str]:
    """An editor that does to its file what the script says."""
    program = tmp_path / "my editor"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"VISUAL": f"'{program}' --wait", "EDITOR": "/nowhere"}


def test_the_editor_changes_the_file(rcli: Run, tmp_path: Path, config: Path) -> None:
    env = editor(tmp_path, """echo 'host = "local"' >> "$2" """)

    edited = rcli("config", "edit", env=env)

    assert (edited, edited.exit_code) == ("", 0)
    assert config.read_text().endswith('host = "local"\n')
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert [file.name for file in config.parent.glob("*.toml")] == ["config.toml"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('hots = "local"', "3: unknown setting 'hots'\nhint: did you mean host?\n"),
        ("[engine]\nport = 70000", "4: engine.port takes a whole number, not 70000\n"),
        ('[hosts.work]\nurl = "x"', "4: 'x' is no base URL\n"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_not_taken_over(
    rcli: Run, tmp_path: Path, config: Path, line: str, said: str
) -> None:
    config.parent.mkdir(parents=True)
    config.write_text("# mine\nhost = 'local'\n")
    env = editor(tmp_path, f"printf '%s\\n' '{line}' >> \"$2\"")

    refused = rcli("config", "edit", env=env)

    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"error: {config.with_name('config.edited.toml')}:{said}")
    assert config.read_text() == "# mine\nhost = 'local'\n"
    assert [file.name for file in config.parent.glob("*.toml")] == ["config.toml"]


def test_a_broken_file_can_be_mended(rcli: Run, tmp_path: Path, config: Path) -> None:
    config.parent.mkdir(parents=True)
    config.write_text("host = \n")
    env = editor(tmp_path, """echo 'host = "local"' > "$2" """)

    assert rcli("config", "list").stderr.endswith("hint: rcli config edit\n")
    assert rcli("config", "edit", env=env).exit_code == 0
    assert rcli("config", "get", "host") == "local\n"


def test_an_editor_that_fails_leaves_the_file(rcli: Run, tmp_path: Path, config: Path) -> None:
    env = editor(tmp_path, "exit 3")

    refused = rcli("config", "edit", env=env)

    assert refused.exit_code == 1
    assert "ended with exit code 3; the file stays as it was" in refused.stderr
    assert list(config.parent.glob("*.toml")) == []


def test_an_editor_that_is_not_there_is_told(rcli: Run) -> None:
    refused = rcli("config", "edit", env={"EDITOR": "no-such-editor"})

    said = "error: there is no editor no-such-editor\nhint: EDITOR=nano rcli config edit\n"
    assert told(refused) == ("", said, 2)


def test_what_somebody_else_wrote_meanwhile_is_not_lost(rcli: Run, tmp_path: Path, config: Path) -> None:
    config.parent.mkdir(parents=True)
    config.write_text("")
    env = editor(tmp_path, f"""echo 'preview = "off"' > '{config}'; echo 'host = "local"' > "$2" """)

    refused = rcli("config", "edit", env=env)

    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"error: {config} was changed meanwhile; what you wrote is in ")
    assert config.read_text() == 'preview = "off"\n'
    assert config.with_name("config.edited.toml").read_text() == 'host = "local"\n'


def test_on_a_terminal_a_wrong_line_can_be_corrected(shell: Shell, tmp_path: Path, config: Path) -> None:
    script = """grep -q hots "$2" && echo 'host = "local"' > "$2" || echo 'hots = 1' > "$2" """

    session = shell.terminal("config", "edit", env=editor(tmp_path, script), columns=150)
    session.shows("unknown setting 'hots'", "Edit it again?")
    session.press("y\r")

    assert session.end() == 0
    assert config.read_text() == 'host = "local"\n'


def test_a_file_that_cannot_be_read_is_told(rcli: Run, config: Path) -> None:
    config.mkdir(parents=True)

    refused = rcli("config", "list")

    assert told(refused) == ("", f"error: cannot read {config}: Is a directory\n", 2)


def test_a_wrong_setting_is_named_with_its_line(rcli: Run, config: Path) -> None:
    config.parent.mkdir(parents=True)
    config.write_text('host = "local"\n\n[engine]\nidle = "soon"\n')

    refused = rcli("models", "list")

    said = f"error: {config}:4: engine.idle takes seconds (90, 15m, 2h, 30d), not 'soon'\n"
    assert told(refused) == ("", said + "hint: rcli config edit\n", 2)
