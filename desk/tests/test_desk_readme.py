"""The page of the desk names every command, and what it shows is what is printed."""

import re
import shutil
from pathlib import Path

import pytest

from ofrecord.cli import COMMANDS, EXAMPLES

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "desk" / "README.md").read_text(encoding="utf-8")


def test_every_command_is_named_and_none_is_invented():
    assert set(re.findall(r"^\| `ofrecord ([\w-]+)", PAGE, re.MULTILINE)) == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_shows_how_it_is_called(ask, command):
    done = ask(command, "--help")
    words = " ".join(done.stdout.split())
    assert re.search(rf"Examples?: ofrecord {command}\b", words), words
    assert command not in EXAMPLES or set(re.findall(r"--[\w-]+", EXAMPLES[command])) <= set(
        re.findall(r"--[\w-]+", words.rsplit("Example:")[0])
    )


def test_the_matrix_shown_is_what_the_command_prints(ask):
    shown = re.search(r"matrix --entity vendor \| cut -f 2-5,9\n(.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    lines = ask("matrix", "--entity", "vendor", "--rules", str(PROJECT / "rules")).stdout.splitlines()
    cut = ["\t".join([*line.split("\t")[1:5], line.split("\t")[8]]) for line in lines]
    assert shown[1].splitlines() == cut


def test_the_plan_of_calls_shown_is_what_the_command_prints(ask, tmp_path):
    shutil.copy(PROJECT / "meltano.yml", tmp_path)
    shown = re.search(r"\$ ofrecord calls\n(.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    done = ask("calls", "--project", str(tmp_path))
    printed = [*done.stdout.splitlines(), *done.stderr.splitlines()]
    assert [line for line in shown[1].splitlines() if line != "…" and line not in printed] == []
