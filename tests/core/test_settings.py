"""Every value knows where it came from, and a bad file is named with its line."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rcli import settings as keys
from rcli.errors import RcliError, UsageError
from rcli.paths import Paths
from rcli.settings import Host, Setting, Settings, allowed_environment, base_url, engine_settings


def read(tmp_path: Path, **environ: str) -> Settings:
    cwd = tmp_path / "project"
    cwd.mkdir(exist_ok=True)
    return Settings.read({"RCLI_HOME": str(tmp_path / "home"), **environ}, cwd)


def user_file(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "home" / "config" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def project_file(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "project" / "rcli.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def test_a_default_says_so(tmp_path: Path) -> None:
    assert read(tmp_path).get("engine.idle") == Setting("engine.idle", 900, "default")


def test_the_environment_wins_over_the_project_and_the_project_over_the_user(tmp_path: Path) -> None:
    user = user_file(tmp_path, 'host = "replicate"\n')
    from_user = read(tmp_path).get("host")
    project = project_file(tmp_path, 'host = "local"\n')
    from_project = read(tmp_path).get("host")
    from_environ = read(tmp_path, RCLI_HOST="work").get("host")

    assert from_user == Setting("host", "replicate", str(user))
    assert from_project == Setting("host", "local", str(project))
    assert from_environ == Setting("host", "work", "RCLI_HOST")


def test_writing_keeps_comments_and_order_and_is_private(tmp_path: Path) -> None:
    file = user_file(tmp_path, '# mine\nhost = "local" # for now\n\n[engine]\nidle = 60\n')

    keys.write(read(tmp_path).paths, ("engine", "idle"), 120)

    assert file.read_text() == '# mine\nhost = "local" # for now\n\n[engine]\nidle = 120\n'
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_removing_a_value_brings_the_default_back(tmp_path: Path) -> None:
    user_file(tmp_path, 'token_store = "keyring"\n')

    keys.write(read(tmp_path).paths, ("token_store",), None)

    assert read(tmp_path).get("token_store") == Setting("token_store", "file", "default")


def test_a_config_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")

    with pytest.raises(RcliError, match="cannot write"):
        keys.write(Paths.from_environ({"RCLI_HOME": str(tmp_path / "home")}), ("host",), "local")

    assert (tmp_path / "home").read_text() == "a file where the folder should be"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("host = \n", "line 1"),
        ("colour = 1\n", "unknown setting 'colour'"),
        ("host = 1\n", "host takes a text"),
        ('token_store = "pocket"\n', "token_store takes file or keyring"),
        ("[engine]\nidle = -1\n", "engine.idle takes seconds"),
        ("[engine]\nidle = inf\n", "engine.idle takes seconds"),
        ("[engine]\nreplica_idle = nan\n", "engine.replica_idle takes seconds"),
        ("[engine]\nport = 70000\n", "engine.port takes a whole number"),
        ('[hosts.local]\nurl = "http://x"\n', "'local' cannot be the name of a host"),
        ('[hosts.work]\nurl = "ftp://x"\n', "is no base URL"),
        ("[tokens]\nx = 1\n", "maps base URLs to texts"),
    ],
)
def test_a_bad_config_is_named_with_what_is_wrong(tmp_path: Path, text: str, complaint: str) -> None:
    file = user_file(tmp_path, text)

    with pytest.raises(UsageError) as refused:
        read(tmp_path)

    assert complaint in refused.value.message
    assert refused.value.exit_code == 2
    assert str(file) in refused.value.message or "URL" in refused.value.message


@pytest.mark.parametrize(
    "text",
    [
        'token_store = "file"\n',
        '[hosts.evil]\nurl = "http://evil.example"\n',
        '[tokens]\n"https://api.replicate.com/v1" = "r8_x"\n',
        "[engine]\nidle = 1\n",
        'output_dir = "../../elsewhere"\n',
        'output_dir = "/etc"\n',
    ],
)
def test_a_cloned_project_cannot_change_hosts_tokens_or_places(tmp_path: Path, text: str) -> None:
    project_file(tmp_path, text)

    with pytest.raises(UsageError):
        read(tmp_path)


def test_a_project_gives_inputs_and_versions(tmp_path: Path) -> None:
    version = "ab" * 32
    project_file(tmp_path, f'[inputs."me/dinos"]\nn = 3\n\n[versions]\n"me/dinos" = "{version}"\n')

    settings = read(tmp_path)

    assert settings.inputs("me/dinos") == {"n": 3}
    assert settings.locked_version("me/dinos") == version


def test_an_output_folder_of_a_project_lies_inside_it(tmp_path: Path) -> None:
    project_file(tmp_path, 'output_dir = "pictures"\n')

    assert read(tmp_path).outputs == tmp_path / "project" / "pictures"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://api.replicate.com", "https://api.replicate.com/v1"),
        ("https://api.replicate.com/v1/", "https://api.replicate.com/v1"),
        ("http://localhost:8000", "http://localhost:8000/v1"),
    ],
)
def test_a_base_url_may_come_with_or_without_its_version(text: str, url: str) -> None:
    assert base_url(text) == url


def test_the_environment_can_move_the_host_replicate_alone(tmp_path: Path) -> None:
    user_file(tmp_path, '[hosts.work]\nurl = "https://models.example.com"\n')

    hosts = read(tmp_path, REPLICATE_BASE_URL="http://127.0.0.1:9").hosts()

    assert hosts["replicate"] == Host("replicate", "http://127.0.0.1:9/v1", "REPLICATE_BASE_URL")
    assert hosts["work"].url == "https://models.example.com/v1"


def test_the_engine_reads_only_its_own_section(tmp_path: Path) -> None:
    user_file(tmp_path, "nonsense = 1\n[engine]\nidle = 5\n")

    assert engine_settings(Paths.from_environ({"RCLI_HOME": str(tmp_path / "home")})).idle == 5


def test_no_token_is_in_the_environment_that_the_engine_gets() -> None:
    environ = {"PATH": "/bin", "REPLICATE_API_TOKEN": "r8_x", "AWS_SECRET_ACCESS_KEY": "s", "LC_ALL": "C"}

    assert allowed_environment(environ) == {"PATH": "/bin", "LC_ALL": "C"}


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("15m", 900), ("1h30m", 5400), ("45s", 45), ("30d", 2592000)]
)
def test_times_may_have_units(text: str, seconds: int) -> None:
    assert keys.parse_value(keys.find_key("engine.idle"), text) == seconds


@pytest.mark.parametrize("text", ["soon", "", "-3", "1w"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="takes seconds"):
        keys.parse_value(keys.find_key("engine.idle"), text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("1024", 1024), ("500MB", 500_000_000), ("20 GB", 20_000_000_000), ("1.5GiB", 3 << 29)],
)
def test_sizes_may_have_units(text: str, size: int) -> None:
    assert keys.parse_value(keys.find_key("engine.quota"), text) == size


@pytest.mark.parametrize("text", ["much", "-1", "5XB", "5G"])
def test_a_size_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"takes bytes \(500MB, 20GB\)"):
        keys.parse_value(keys.find_key("engine.quota"), text)


def test_units_may_stand_in_the_file_as_well(tmp_path: Path) -> None:
    user_file(tmp_path, '[engine]\nquota = "20GB"\nretention = "7d"\nidle = 60\n')

    chosen = engine_settings(Paths.from_environ({"RCLI_HOME": str(tmp_path / "home")}))

    assert (chosen.quota, chosen.retention, chosen.idle) == (20_000_000_000, 604800, 60)
    assert read(tmp_path).get("engine.quota").value == 20_000_000_000


def test_a_project_file_in_somebody_elses_folder_is_not_read(tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    (tmp_path / "rcli.toml").write_text('host = "local"\n')
    os.chown(tmp_path, 65534, 65534)

    assert read(tmp_path).get("host").origin == "default"


@pytest.mark.parametrize("text", ["http://a:b", "http://[::1", "https://", "http://a b", "http://u@h", "x"])
def test_what_is_no_base_url_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no base URL"):
        base_url(text)


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    paths = read(tmp_path).paths
    names = [f"h{number}" for number in range(12)]

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda name: keys.write(paths, ("hosts", name, "url"), f"http://{name}"), names))

    assert set(names) <= set(read(tmp_path).hosts())


def test_a_config_that_is_a_link_stays_one(tmp_path: Path) -> None:
    dotfile = tmp_path / "dotfiles" / "rcli.toml"
    dotfile.parent.mkdir()
    dotfile.write_text("# mine\n")
    file = user_file(tmp_path, "")
    file.unlink()
    file.symlink_to(dotfile)

    keys.write(read(tmp_path).paths, ("host",), "local")

    assert file.is_symlink()
    assert dotfile.read_text() == '# mine\nhost = "local"\n'


def test_a_home_that_nobody_has_is_only_a_name(tmp_path: Path) -> None:
    user_file(tmp_path, 'output_dir = "~nobody-has-this-name/x"\n')

    assert read(tmp_path).get("output_dir").value.endswith("~nobody-has-this-name/x")


def test_a_folder_that_is_gone_has_no_project_file(tmp_path: Path) -> None:
    settings = Settings.read({"RCLI_HOME": str(tmp_path / "home")}, tmp_path / "gone")

    assert settings.project is None
