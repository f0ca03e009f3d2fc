"""The page of the desk names every command, and what it shows is what is printed."""

import re
from pathlib import Path

from ofrecord.cli import COMMANDS

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "desk" / "README.md").read_text(encoding="utf-8")


def test_every_command_is_named_and_none_is_invented():
    assert set(re.findall(r"^\| `ofrecord (\w+)", PAGE, re.MULTILINE)) == set(COMMANDS)


def test_the_matrix_shown_is_what_the_command_prints(ask):
    shown = re.search(r"matrix --entity vendor \| cut -f 2-5,9\n(.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    lines = ask("matrix", "--entity", "vendor", "--rules", str(PROJECT / "rules")).stdout.splitlines()
    cut = ["\t".join([*line.split("\t")[1:5], line.split("\t")[8]]) for line in lines]
    assert shown[1].splitlines() == cut
