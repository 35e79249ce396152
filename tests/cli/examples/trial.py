"""The examples at the end of the help, tried one after the other as they are written."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.conftest import Shell
from tests.conftest import Result, environment
from tests.processes import PATIENCE, ROOT, Process

Way = Callable[[list[str]], None]
"""How an example is tried that does not just run to its end; raises AssertionError when it goes wrong."""
Told = Callable[[Process], bool]
"""Whether a command that runs has told something."""


def listed(names: str) -> list[str]:
    """Commands as a story tells them, in the order in which they are tried."""
    return [f"rcli {name.strip()}" for name in re.split(r"[,\n]", names.strip())]


def examples(shell: Shell, name: str) -> list[str]:
    """The last lines of a command's help. Raises AssertionError when these are no examples."""
    told = shell.run(*name.split()[1:], "--help")
    found = re.search(r"\n\nExamples?:\n((?:  .+\n)+)\Z", told)
    assert found, f"{name} --help does not end with an example:\n{told}"
    lines = [line.strip() for line in found[1].splitlines()]
    assert all(f"{line} ".startswith(f"{name} ") for line in lines), lines
    return lines


@dataclass
class Trial:
    """A shell, and what the examples need of it.

    ``given`` has the ids and ports of some examples with those that are meant here. By the example's line:
    ``before`` is what a user has done until then, ``ways`` are for those that do not just run to their end,
    ``gives`` is the beginning of what stdout has then.
    """

    shell: Shell
    env: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    before: dict[str, Callable[[], object]] = field(default_factory=dict)
    ways: dict[str, Way] = field(default_factory=dict)
    gives: dict[str, str] = field(default_factory=dict)

    def perform(self, names: list[str]) -> None:
        """Tries all examples of these commands."""
        for name in names:
            for line in examples(self.shell, name):
                if prepare := self.before.pop(line, None):
                    prepare()
                self._try(line)
        assert [*self.before, *self.ways, *self.gives] == [], "these are examples no more"

    def run(self, *argv: str) -> Result:
        """What somebody does beside the examples. Raises AssertionError when it fails."""
        ran = self.shell.run(*argv, env=self.env, cwd=self.shell.cwd)
        assert ran.exit_code == 0, (argv, ran, ran.stderr)
        return ran

    def go(self, folder: Path) -> None:
        self.shell.cwd = folder

    def start(self, argv: list[str], **env: str) -> Process:
        return self.shell.start(*argv, env=self.env | env)

    def to_the_end(self, argv: list[str]) -> None:
        """Runs a command that replaces rcli's process."""
        process = self.start(argv)
        assert process.end() == 0, process.stderr

    def interrupted(
        self, at: Told, begun: Told | None = None, then: Callable[[], object] | None = None
    ) -> Way:
        """A way of what goes on until Ctrl-C, which comes when ``at`` is true of it.

        As soon as ``begun`` is true of it, somebody does what it is ``then`` to tell of.
        """

        def way(argv: list[str]) -> None:
            process = self.start(argv)
            if begun and then:
                process.until(begun)
                then()
            process.until(at)
            process.signal(signal.SIGINT)
            assert process.end() == 130, process.stderr

        return way

    def piped(self, line: str) -> Way:
        """A way of what a shell has to make sense of, such as ``<``."""

        def way(_: list[str]) -> None:
            script = f'rcli() {{ {shlex.quote(sys.executable)} -m rcli "$@"; }}\n{line}'
            environ = environment(self.shell.home) | {"PYTHONPATH": str(ROOT)} | self.env
            ran = subprocess.run(
                ["bash", "-c", script],
                cwd=self.shell.cwd,
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
            )
            assert ran.returncode == 0, (line, ran.stdout, ran.stderr)

        return way

    def _try(self, line: str) -> None:
        way, wanted = self.ways.pop(line, None), self.gives.pop(line, "")
        argv = shlex.split(self._with_what_is_given(line))[1:]
        if way:
            way(argv)
            return
        assert _is_plain(line), f"a shell has to run this: {line}"
        ran = self.run(*argv)
        assert ran.startswith(wanted), (line, ran)

    def _with_what_is_given(self, line: str) -> str:
        parts = "|".join(map(re.escape, self.given)) or r"\Z"
        return re.sub(parts, lambda found: self.given.get(found[0], ""), line)


def _is_plain(line: str) -> bool:
    """Whether its words are all that there is to it, and no shell has to make sense of them."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    return list(lexer) == shlex.split(line)
