"""Commands forked from a process that has imported them behave as commands that start by themselves."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ofrecord_kit.testing import programs

BIN = Path(sys.executable).parent


def without_times(log):
    return re.sub(r"^[\d-]+ [\d:,]+ ", "", log, flags=re.MULTILINE)


@pytest.mark.parametrize(
    "words", [["tap-crm", "--about"], ["tap-crm", "--config", "nothing.json"], ["tap-crm", "--no"]]
)
def test_a_forked_command_says_and_returns_what_the_command_does(words, tmp_path):
    plain = {"PATH": os.environ["PATH"], "COLUMNS": "80", "NO_COLOR": "1"}
    alone = subprocess.run(
        [BIN / words[0], *words[1:]], cwd=tmp_path, env=plain, capture_output=True, text=True, check=False
    )
    forked = programs.run(words, cwd=tmp_path, environment=plain)
    assert (forked.returncode, forked.stdout) == (alone.returncode, alone.stdout)
    assert without_times(forked.stderr) == without_times(alone.stderr)


def test_a_forked_command_reads_what_it_is_given_and_a_pipe_ends_with_its_first(tmp_path):
    settings = tmp_path / "mapper.json"
    rules = Path(__file__).parents[2] / "rules"
    settings.write_text(f'{{"rules": "{rules}", "from": "crm", "to": "inventory", "entities": ["vendor"]}}')
    command = ["ofrecord-mapper", "--config", settings]
    state = '{"type": "STATE", "value": {"bookmarks": {}}}\n'
    done = programs.run(command, said=state)
    assert (done.returncode, done.stdout.split()) == (0, state.split()), done.stderr
    with (tmp_path / "out").open("w+b") as out, (tmp_path / "err").open("w+b") as err:
        codes = programs.pipe(
            [command, command], cwd=tmp_path, environment=os.environ, stdout=out.fileno(), errors=[err.fileno()] * 2
        )
        assert (codes, out.seek(0, os.SEEK_END)) == ([0, 0], 0)


def test_a_forked_command_can_be_killed(tmp_path):
    source, end = os.pipe()
    running = programs.start(
        ["target-crm", "--config", "ENV"], cwd=tmp_path, environment=dict(os.environ), stdin=source
    )
    try:
        assert running.poll() is None
        running.kill()
        assert running.wait(30) == -signal.SIGKILL
        assert running.poll() == -signal.SIGKILL
    finally:
        os.close(source)
        os.close(end)


def test_a_command_that_is_not_there_is_said_so_and_the_next_one_runs(tmp_path):
    done = programs.run(["tap-nothing"], cwd=tmp_path)
    assert (done.returncode, done.stderr.strip()) == (1, "No package that is installed here has a command tap-nothing.")
    assert programs.run(["ofrecord-mapper", "--version"], cwd=tmp_path).returncode == 0
