"""`ofrecord matrix`: who owns what."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ofrecord import cli

RULES = Path(__file__).parents[2] / "rules"


def run(*arguments):
    return CliRunner().invoke(cli.app, ["matrix", *arguments])


def test_a_pipe_gets_a_line_per_field():
    done = run("--rules", str(RULES), "--entity", "product")
    assert done.exit_code == 0
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert ["product", "List price", "inventory", "crm", ""] in [line[:5] for line in lines]
    assert ["product", "Description", "shared", "crm,inventory", "latest"] in [line[:5] for line in lines]
    assert all(line[5].startswith("rules/product.yml:") for line in lines)


def test_programs_get_json_with_the_names_of_each_system():
    rows = json.loads(run("--rules", str(RULES), "--json").stdout)
    weight = next(row for row in rows if row["field"] == "Shipping weight")
    assert weight["names"] == {"inventory": "package_details.weight (kg)", "crm": "Weight_g (g)"}
    assert {row["entity"] for row in rows} == {path.stem for path in RULES.glob("*.yml")}


def test_a_person_gets_a_table():
    main_end, other_end = pty.openpty()
    command = [sys.executable, "-c", "from ofrecord.cli import main; main()", "matrix", "--rules", str(RULES)]
    with subprocess.Popen(
        command, stdout=other_end, stderr=subprocess.DEVNULL, env={**os.environ, "COLUMNS": "120", "TERM": "dumb"}
    ) as running:
        os.close(other_end)
        seen = b""
        while chunk := read(main_end):
            seen += chunk
        assert running.wait() == 0
    os.close(main_end)
    table = seen.decode()
    assert "subscribers" in table
    assert "account (" in table
    assert all(len(line) <= 120 for line in table.splitlines())
    assert table.count("Credit limit") == 1


def read(end):
    """Bytes of a terminal; at its end Linux reports an error instead of nothing."""
    try:
        return os.read(end, 65536)
    except OSError:
        return b""


def test_bad_rules_print_no_matrix(tmp_path):
    (tmp_path / "product.yml").write_text("entity: product\n", encoding="utf-8")
    done = run("--rules", str(tmp_path))
    assert (done.exit_code, done.stdout) == (1, "")
    assert '"fields" is missing' in done.stderr


@pytest.mark.promise("F002")
def test_the_matrix_covers_every_field_and_two_writers_without_policy_are_refused(tmp_path):
    rows = json.loads(run("--rules", str(RULES), "--json").stdout)
    lines = sum(path.read_text(encoding="utf-8").count("\n  - what:") for path in RULES.glob("*.yml"))
    assert len(rows) == lines
    assert all(row["owner"] in {"crm", "inventory", "books"} or row["policy"] for row in rows)
    text = (RULES / "product.yml").read_text(encoding="utf-8")
    twice = text.replace("    owner: inventory\n", "    owner: [inventory, crm]\n", 1)
    (tmp_path / "product.yml").write_text(twice, encoding="utf-8")
    line = twice.splitlines().index("    owner: [inventory, crm]") + 1
    done = CliRunner().invoke(cli.app, ["check", "--rules", str(tmp_path)])
    assert done.exit_code == 1
    assert f'{tmp_path.name}/product.yml:{line}, "Name": two owners.' in done.stdout


def test_an_unknown_entity_is_answered_with_the_known_ones():
    done = run("--rules", str(RULES), "--entity", "widget")
    assert done.exit_code == 2
    assert '"widget" is not an entity. Use one of: account, contact,' in done.stderr
