"""`ofrecord check` and the frame of the command."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ofrecord import cli

RULES = Path(__file__).parents[2] / "rules"


def run(*arguments):
    return CliRunner().invoke(cli.app, list(arguments))


@pytest.fixture
def bad_rules(tmp_path):
    for path in RULES.glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        if path.name == "product.yml":
            text = text.replace("unit: g}", "unit: grams}").replace("label:", "labl:")
        if path.name == "account.yml":
            text = text.replace("policy: review", "policy: reveiw", 1)
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    return tmp_path


def test_good_rules_are_summed_up_in_one_line():
    done = run("check", "--rules", str(RULES))
    assert done.exit_code == 0
    assert done.stdout.count("\n") == 1
    assert " cases end as written." in done.stdout
    assert "All is well." in done.stdout


def test_bad_rules_are_listed_completely_with_file_and_line(bad_rules):
    done = run("check", "--rules", str(bad_rules))
    assert done.exit_code == 1
    name = bad_rules.name
    problems = done.stdout.splitlines()
    assert [line.split(":")[0] for line in problems] == [
        f"{name}/account.yml", f"{name}/product.yml", f"{name}/product.yml",
    ]  # fmt: skip
    assert 'policy "reveiw" is not known. Use review, latest, first created, crm, inventory or books. ' in problems[0]
    assert '"labl" is not a key here. Did you mean "label"?' in problems[1]
    assert '"Shipping weight": crm unit "grams" is not a unit of mass. Write "g".' in problems[2]
    assert done.stderr == f"{bad_rules}: 3 problems.\n"


def test_the_result_is_there_for_programs(bad_rules):
    good = json.loads(run("check", "--rules", str(RULES), "--json").stdout)
    assert good["problems"] == []
    assert good["rules"].startswith("sha256:")
    assert good["entities"]["product"] > 5
    done = run("check", "--rules", str(bad_rules), "--json")
    assert done.exit_code == 1
    assert len(json.loads(done.stdout)["problems"]) == 3


RULE = """\
entity: product
responsible: {owner: A, deputy: B, escalation: C}
systems:
  inventory: {stream: items, id: item_id, external_id: cf_crm_id}
  crm: {stream: Products, id: id, external_id: Inventory_ID}
new: [inventory]
fields:
  - {what: Name, owner: inventory, inventory: name, crm: Product_Name}
  - {what: Price, owner: inventory, cadence: 15 minutes, inventory: {field: rate, unit: USD}, crm: {field: Unit_Price, unit: USD}}
"""
OFF = RULE.replace("entity: product", "entity: thing\nenabled: false")
PROJECT = """\
jobs:
- {name: products, tasks: [tap-inventory--products own-products target-crm]}
schedules:
- {name: quarter, job: products, interval: "*/15 * * * *"}
plugins:
  extractors:
  - name: tap-inventory
  - {name: tap-inventory--products, inherit_from: tap-inventory, config: {streams: [items]}}
  - {name: tap-crm}
  mappers:
  - name: ofrecord-mapper
    mappings:
    - {name: own-products, config: {rules: rules, from: inventory, to: crm, entities: [product]}}
"""

PROJECTS = {
    "unknown entity": (
        ("entities: [product]", "entities: [prodct]"),
        'meltano.yml:13, "own-products": "prodct" is not an entity. Did you mean "product"?',
    ),
    "entity that is switched off": (
        ("entities: [product]", "entities: [product, thing]"),
        'meltano.yml:13, "own-products": "thing" is switched off (rules/thing.yml). Remove it from entities.',
    ),
    "unknown system": (
        ("to: crm", "to: crmm"),
        'meltano.yml:13, "own-products": to "crmm" is not a system. Use crm, inventory or books.',
    ),
    "entity that does not go this way": (
        ("to: crm", "to: books"),
        'meltano.yml:13, "own-products": "product" does not go from inventory to books (rules/product.yml). Remove it.',
    ),
    "unknown field": (
        ("entities: [product]", "entities: [product], fields: [Prise]"),
        'meltano.yml:13, "own-products": "Prise" is not a field of product. Did you mean "Price"?',
    ),
    "field that goes the other way": (
        (
            "from: inventory, to: crm, entities: [product]",
            "from: crm, to: inventory, entities: [product], fields: [Name]",
        ),
        'meltano.yml:13, "own-products": "Name" does not go from crm to inventory (rules/product.yml:8). Remove it.',
    ),
    "stream that is not read": (
        ("streams: [items]", "streams: []"),
        'meltano.yml:8, "tap-inventory--products": does not read items, which "product" needs in "own-products". Add it to streams.',
    ),
    "stream nobody needs": (
        ("streams: [items]", "streams: [items, contacts]"),
        'meltano.yml:8, "tap-inventory--products": reads contacts, which no entity of "own-products" needs. Remove it from streams.',
    ),
    "whole reading of a stream that is not read": (
        ("streams: [items]", "streams: [items], read_whole: [contacts]"),
        'meltano.yml:8, "tap-inventory--products": read_whole names contacts, which is not among its streams. Remove it.',
    ),
    "tap of another system": (
        ("[tap-inventory--products own", "[tap-crm own"),
        'meltano.yml:9, "tap-crm": "own-products" maps inventory, which tap-inventory reads. Use a tap that inherits from it.',
    ),
    "tap that is none": (
        ("[tap-inventory--products own", "[tap-inventory--product own"),
        'meltano.yml:2, "products": "tap-inventory--product" is not an extractor. Did you mean "tap-inventory--products"?',
    ),
    "schedule that is too slow": (
        ("*/15 * * * *", "@hourly"),
        (
            'rules/product.yml:9, "Price": promised from inventory to crm within 15 minutes, but the job products, '
            "the most frequent that carries it, runs every 1 hour. Run it more often."
        ),
    ),
    "promise without a schedule": (
        ("job: products, interval", "job: others, interval"),
        (
            'rules/product.yml:9, "Price": promised from inventory to crm within 15 minutes, but no schedule runs '
            "products. Add one."
        ),
    ),
    "promise without a job": (
        ("entities: [product]", "entities: [product], fields: [Name]"),
        (
            'rules/product.yml:9, "Price": promised from inventory to crm within 15 minutes, but no job carries it. '
            "Add a mapping to a job."
        ),
    ),
    "no project": (
        ("jobs:", "jobs: 1\njbs:"),
        "meltano.yml:1: cannot be read as a Meltano project (TypeError). Try meltano compile.",
    ),
}


@pytest.fixture
def project(tmp_path):
    """A folder with two rule files and a project that carries one of them, changed as asked."""

    def make(old="", new=""):
        (tmp_path / "rules").mkdir()
        (tmp_path / "rules" / "product.yml").write_text(RULE, encoding="utf-8")
        (tmp_path / "rules" / "thing.yml").write_text(OFF, encoding="utf-8")
        assert old in PROJECT
        (tmp_path / "meltano.yml").write_text(PROJECT.replace(old, new) if old else PROJECT, encoding="utf-8")
        return json.loads(run("check", "--json", "--rules", str(tmp_path / "rules")).stdout)["problems"]

    return make


def test_a_project_that_carries_what_the_rules_say_is_well(project):
    assert project() == []


@pytest.mark.parametrize("mistake", ["stream that is not read", "stream nobody needs", "entity that is switched off"])
def test_the_streams_of_an_entity_go_with_it(project, mistake):
    change, message = PROJECTS[mistake]
    assert project(*change) == [message]


@pytest.mark.parametrize("mistake", PROJECTS)
def test_what_the_project_does_not_carry_is_named(project, mistake):
    change, message = PROJECTS[mistake]
    assert project(*change) == [message]


@pytest.fixture
def catalogued(tmp_path):
    """A rules folder with the captured catalogs and one file about products with these lines."""
    shutil.copytree(RULES / "catalog", tmp_path / "rules" / "catalog")

    def write(*lines, keys=""):
        text = RULE.split("new:", maxsplit=1)[0] + keys + "fields:\n" + "".join(f"  - {line}\n" for line in lines)
        (tmp_path / "rules" / "product.yml").write_text(text, encoding="utf-8")
        return str(tmp_path / "rules")

    return write


NAME = "{what: Name, owner: inventory, inventory: name, crm: Product_Name}"


@pytest.mark.promise("N02")
def test_a_bad_map_fails_with_file_and_line_of_everything_that_is_wrong_without_a_network(catalogued):
    folder = catalogued(
        "{what: Code, owner: shared, format: number, inventory: sku, crm: Unit_Price}",
        "{what: Weight, owner: inventory, inventory: description, crm: Weight_g}",
        "{what: Active, owner: inventory, inventory: {field: status, values: {active: true}}, crm: Product_Active}",
        "{what: Kind, owner: inventory, inventory: {field: item_type, values: {sales: A, inventory: A, purchases: B, "
        "sales_and_purchases: C}}, crm: Manufacturer}",
        keys="new: [inventory]\n",
    )
    done = run("check", "--rules", folder)
    assert done.exit_code == 1
    found = done.stdout.splitlines()
    for line, words in (
        ("rules/product.yml:5,", "crm requires Product_Name of new Products"),
        ("rules/product.yml:8,", "two owners without a policy"),
        ("rules/product.yml:9,", "holds text, crm Products.Weight_g takes numbers"),
        ("rules/product.yml:10,", 'can also be "inactive", which has no counterpart in crm'),
        ("rules/product.yml:11,", "several values become the same one, which cannot be undone"),
    ):
        assert any(text.startswith(line) and words in text for text in found), (line, found)


@pytest.mark.promise("F002")
def test_the_matrix_shows_owner_and_subscribers_and_two_writers_without_a_policy_stop_the_build(catalogued):
    price = "{what: Price, owner: OWNER, inventory: {field: rate, unit: USD}, crm: {field: Unit_Price, unit: USD}}"
    folder = catalogued(NAME, price.replace("OWNER", "inventory"))
    [row] = [line for line in run("matrix", "--rules", folder).stdout.splitlines() if "Price" in line]
    assert [word for word in ("product", "inventory", "crm") if word not in row] == []
    done = run("check", "--rules", catalogued(NAME, price.replace("OWNER", "shared")))
    assert done.exit_code == 1
    assert done.stdout.startswith('rules/product.yml:8, "Price": two owners without a policy')
    done = run("check", "--rules", catalogued(NAME, price.replace("OWNER", "[crm, inventory]")))
    assert done.exit_code == 1
    assert done.stdout.startswith('rules/product.yml:8, "Price": two owners.')


@pytest.mark.promise("F033")
def test_a_map_is_shown_as_a_table_and_a_wrong_name_or_type_fails_with_a_suggestion(catalogued):
    page = run("matrix", "--html", "--rules", catalogued(NAME)).stdout
    [row] = [row for row in page.split("<tr") if "Product_Name" in row]
    assert "inventory" in row
    assert "<table" in page
    wrong = run("check", "--rules", catalogued(NAME.replace("Product_Name", "Product_Nam"))).stdout
    assert wrong.startswith(
        'rules/product.yml:7, "Name": crm Products has no field "Product_Nam". Did you mean "Product_Name"?'
    )
    wrong = run("check", "--rules", catalogued(NAME.replace("Product_Name", "Weight_g"))).stdout
    assert "crm Products.Weight_g takes numbers. Say format: number, or translate it with values." in wrong


def test_the_shipped_project_carries_the_shipped_rules():
    assert json.loads(run("check", "--json", "--rules", str(RULES)).stdout)["problems"] == []


def test_a_case_that_ends_otherwise_is_a_problem(tmp_path):
    (tmp_path / "rules" / "cases").mkdir(parents=True)
    (tmp_path / "rules" / "product.yml").write_text(RULE, encoding="utf-8")
    (tmp_path / "rules" / "cases" / "product.yml").write_text(
        "cases:\n  - case: A price of the CRM wins\n    entity: product\n    field: Price\n    agreed: 1\n"
        "    edits: [{in: crm, value: 2, at: 2026-03-02T09:00:00Z}]\n    result: {crm: 2, inventory: 1}\n",
        encoding="utf-8",
    )
    done = run("check", "--rules", str(tmp_path / "rules"))
    assert done.exit_code == 1
    assert done.stdout.startswith('rules/cases/product.yml:2, "A price of the CRM wins": Price in crm is 1.00, not 2')


def test_a_folder_that_is_none_is_named(tmp_path):
    done = run("check", "--rules", str(tmp_path / "ruels"))
    assert done.exit_code == 1
    assert "is not a folder. Name the folder of the rule files, usually `rules`." in done.stdout


def test_help_imports_no_subcommand():
    program = (
        "import sys; from ofrecord import cli\n"
        "try: cli.app(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in "
        "{'ofrecord_transforms', 'ofrecord_kit', 'pint', 'yaml', 'requests', 'sqlalchemy'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for name in ("check", "matrix"):
        assert name in done.stdout


def test_an_unknown_command_is_refused():
    done = run("chek")
    assert done.exit_code == 2
    assert "chek" in done.output
