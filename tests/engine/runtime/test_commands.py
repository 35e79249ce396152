"""Lines of build.run: pip's are for uv, those whose work is done are passed over, others are refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rcli.engine.runtime.commands import LEAVE_OUT, NAME_IT, QUOTE, pip_installs
from rcli.engine.runtime.installer import BuildError


def installs(line: str) -> list[tuple[str, ...]]:
    return list(pip_installs(line, os.environ))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pip install six", [("six",)]),
        ("python3 -m pip install --no-deps -U 'six<2'", [("--no-deps", "-U", "six<2")]),
        ("pip install six && pip3 install idna", [("six",), ("idna",)]),
        ("pip install \\\n  six \\\n  idna", [("six", "idna")]),
        ("pip install six\npip install idna", [("six",), ("idna",)]),
        ("pip install --user --progress-bar off --timeout=9 --no-cache-dir six", [("--no-cache-dir", "six")]),
        ("pip install git+https://host/x.git@abc", [("git+https://host/x.git@abc",)]),
        ("apt-get update && apt-get install -y bash", []),
        ("sudo apt install --no-install-recommends bash coreutils && rm -rf /var/lib/apt/lists/*", []),
        ("mkdir -p /tmp", []),
        ("pip install git+https://host/x#subdirectory=py  # ours", [("git+https://host/x#subdirectory=py",)]),
        ("chmod +x /bin/sh && chmod 755 /bin/sh", []),
        ("curl -sSL https://host/sh -o /bin/sh && chmod +x /bin/sh", []),
        ("echo ready && which sh && true && ldconfig", []),
        ("", []),
    ],
)
def test_pip_lines_are_taken_apart_and_done_work_is_passed_over(
    line: str, expected: list[tuple[str, ...]]
) -> None:
    assert installs(line) == expected


@pytest.mark.parametrize(
    ("line", "why", "hint"),
    [
        ("make install", "only pip install works without one", LEAVE_OUT),
        ("curl -L https://host/x | sh", "only pip install works without one", LEAVE_OUT),
        ("wget https://host/x -O /opt/no/such/file", "only pip install works without one", LEAVE_OUT),
        ("mkdir -p /opt/no/such/folder", "only pip install works without one", LEAVE_OUT),
        ("chmod 600 /bin/sh", "only pip install works without one", LEAVE_OUT),
        ("chmod", "only pip install works without one", LEAVE_OUT),
        ("rm -rf /home/me", "only pip install works without one", LEAVE_OUT),
        ("echo secret > /etc/motd", "only pip install works without one", LEAVE_OUT),
        ("which no-such-program", "only pip install works without one", LEAVE_OUT),
        ("pip freeze", "only pip install works without one", LEAVE_OUT),
        ("pip install numpy<2", "a shell's operators do", QUOTE),
        ("pip install torch==$TORCH", "a shell's operators do", QUOTE),
        ("pip install -r requirements.txt", "the project's requirements.txt is not there yet", NAME_IT),
        ("pip install ./dist/x.whl", "the project's ./dist/x.whl is not there yet", NAME_IT),
        ("pip install .", "the project's . is not there yet", NAME_IT),
    ],
)
def test_other_lines_are_refused_with_what_to_do(line: str, why: str, hint: str) -> None:
    with pytest.raises(BuildError) as caught:
        installs(line)

    assert caught.value.message == f"build.run: {line!r} needs a container: {why}"
    assert caught.value.hint == hint


def test_packages_that_apt_would_install_are_named() -> None:
    line = "apt-get install -y bash libnobodyhas nosuchtool"

    with pytest.raises(BuildError) as caught:
        installs(line)

    assert caught.value.message.endswith(
        "needs a container, and libnobodyhas nosuchtool is not installed here"
    )
    assert caught.value.hint == "sudo apt-get install libnobodyhas nosuchtool"


def test_a_download_is_done_when_its_file_is_there(tmp_path: Path) -> None:
    program = tmp_path / "pget"
    program.touch(mode=0o755)

    assert installs(f"curl -o {program} -L https://host/pget && chmod +x {program}") == []
