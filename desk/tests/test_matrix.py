"""`ofrecord matrix`: who owns what."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
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
    assert {row["entity"].replace(" ", "_") for row in rows} == {path.stem for path in RULES.glob("*.yml")}


def test_markdown_has_a_line_for_every_field_with_unit_policy_cadence_and_conversion():
    rows = json.loads(run("--rules", str(RULES), "--json").stdout)
    lines = run("--rules", str(RULES), "--markdown").stdout.splitlines()
    table = [line for line in lines if line.startswith("| ") and not line.startswith("| field |")]
    assert [line.split(" | ")[0].removeprefix("| ") for line in table] == [row["field"] for row in rows]
    weight = next(line for line in table if line.startswith("| Shipping weight |"))
    assert weight.endswith("| kg, g |  | 15 minutes | kg → g |")
    assert len({line.count(" | ") for line in table}) == 1


def test_the_overview_puts_fields_of_one_owner_together():
    lines = run("--rules", str(RULES), "--overview").stdout.splitlines()
    assert (
        "| contact | crm | inventory | Account, First name, Last name, E-mail, Phone, Mobile, Job title, Department |"
        in lines
    )


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
    lines = sum(len(yaml.safe_load(path.read_text(encoding="utf-8"))["fields"]) for path in RULES.glob("*.yml"))
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
    assert '"widget" is not an entity. Use one of: account, bill entry,' in done.stderr


AWKWARD = """\
entity: widget
why: Sales <b>reads</b> & the warehouse counts.
cadence: 1 hour
responsible: {owner: A, deputy: B, escalation: C}
systems:
  inventory: {stream: things, id: item_id, external_id: cf_crm_id}
  crm: {stream: Things, id: id, external_id: Inventory_ID}
fields:
  - {what: Weight, owner: inventory, cadence: 5 minutes, inventory: {field: weight, unit: kg}, crm: {field: W_g, unit: g}}
  - {what: Price, owner: inventory, inventory: {field: rate, unit: USD}, crm: {field: Price, unit: USD}}
  - {what: Active, owner: inventory, format: boolean, inventory: {field: status, values: {active: true, inactive: false}}, crm: Enabled}
  - {what: Phone, owner: shared, policy: [crm, inventory], format: phone, inventory: phone, crm: {field: Phone, region: DE}}
  - {what: Kind, owner: crm, inventory: {field: contact_type, always: customer}}
  - {what: Note, owner: crm, inventory: notes, crm: Note, why: "Sales <script>knows</script>."}
  - what: Address
    owner: crm
    format: address
    crm: {parts: {street: Street, city: City}}
    inventory: {parts: {street: billing.address, city: billing.city}}
"""
CONVERSIONS = {
    "Weight": "kg → g",
    "Price": "amount in USD",
    "Active": "active → true, inactive → false",
    "Phone": "phone in E.164, country DE assumed",
    "Kind": "always customer",
    "Note": "text as it is",
    "Address": "address: 2 parts as one",
}


@pytest.fixture
def awkward(tmp_path):
    (tmp_path / "widget.yml").write_text(AWKWARD, encoding="utf-8")
    return str(tmp_path)


def test_each_line_tells_its_conversion_unit_and_cadence(awkward):
    rows = {row["field"]: row for row in json.loads(run("--rules", awkward, "--json").stdout)}
    assert {name: row["conversion"] for name, row in rows.items()} == CONVERSIONS
    assert (rows["Weight"]["unit"], rows["Weight"]["cadence"]) == ("kg, g", "5 minutes")
    assert (rows["Note"]["unit"], rows["Note"]["cadence"]) == (None, "1 hour")
    assert rows["Phone"]["policy"] == "crm before inventory"
    assert rows["Address"]["names"]["crm"] == "Street + City"


def test_every_shipped_line_has_its_conversion_in_words():
    rows = json.loads(run("--rules", str(RULES), "--json").stdout)
    told = {(row["entity"], row["field"]): row["conversion"] for row in rows}
    assert told["product", "Shipping weight"] == "kg → g"
    assert told["contact", "Account"] == "reference to account"
    assert all(told.values())


@pytest.mark.promise("F096")
def test_the_page_holds_every_column_of_every_line_and_no_word_of_the_rules_becomes_markup(awkward):
    page = run("--rules", awkward, "--html").stdout
    assert page.startswith("<!doctype html>")
    assert page.count('<th scope="row">') == len(CONVERSIONS)
    for words in (
        *CONVERSIONS,
        *CONVERSIONS.values(),
        "kg, g",
        "5 minutes",
        "crm before inventory",
        "inventory",
        "crm",
    ):
        assert words in page
    assert "Sales &lt;b&gt;reads&lt;/b&gt; &amp; the warehouse" in page
    assert "Sales &lt;script&gt;knows&lt;/script&gt;." in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
