"""Rules that cannot work: refused with file and line before anything is read or written."""

import re

import pytest
from plugin_runs import BIN

FILE = "rules/product.yml"
MISTAKES = {
    "an unknown key": (
        "duplicates: overwrite",
        "dupplicates: overwrite",
        r"rules/product\.yml:\d+.*dupplicates.*Did you mean .duplicates",
    ),
    "a key unknown in a field": (
        "    why: Prices are decided once.",
        "    because: Prices are decided once.",
        r"rules/product\.yml:\d+.*List price.*because",
    ),
    "an unknown field": (
        "    inventory: sku\n    crm: Product_Code\n",
        "    inventory: skuu\n    crm: Product_Code\n",
        r"rules/product\.yml:\d+.*Code.*skuu.*sku",
    ),
    "two owners": (
        "    owner: inventory\n    inventory: name\n",
        "    owner: inventory\n    owner: crm\n    inventory: name\n",
        r"rules/product\.yml:\d+.*Name.*two owners",
    ),
    "a unit that cannot convert": (
        "inventory: {field: package_details.weight, unit: kg}",
        "inventory: {field: package_details.weight, unit: litre}",
        r"rules/product\.yml:\d+.*Shipping weight.*litre.*not a unit of mass\. Use g",
    ),
    "a unit nobody knows": (
        "inventory: {field: package_details.weight, unit: kg}",
        "inventory: {field: package_details.weight, unit: lbz}",
        r"rules/product\.yml:\d+.*Shipping weight.*lbz",
    ),
    "writing between the two doors of one store": (
        "  - what: Code\n    owner: inventory\n",
        "  - what: Code\n    owner: inventory\n    books: sku\n",
        r"rules/product\.yml:\d+.*Code.*two doors",
    ),
}


def spoil(site, old, new):
    """Make one mistake in the product rules; gives the line it stands on."""
    path = site.folder / FILE
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def is_refused(outcome, pattern):
    said = outcome.out + outcome.err
    assert outcome.code != 0, said
    assert "Traceback" not in said
    lines = [line for line in said.splitlines() if re.search(pattern, line)]
    assert len(lines) == 1, said
    return lines[0]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_check_refuses_with_file_and_line_and_asks_nobody(site, mistake):
    old, new, pattern = MISTAKES[mistake]
    at = spoil(site, old, new)
    before = site.stage.journal()["next"]
    line = is_refused(site.run([BIN / "ofrecord", "check"]), pattern)
    named = int(re.search(r"product\.yml:(\d+)", line)[1])
    assert at <= named <= at + new.count("\n")
    assert site.stage.journal()["next"] == before


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_mapper_refuses_before_it_passes_anything_on(site, mistake):
    old, new, pattern = MISTAKES[mistake]
    spoil(site, old, new)
    outcome = site.plugin("own-products-inventory-to-crm", stdin="")
    is_refused(outcome, pattern)
    assert outcome.out == ""


def test_all_mistakes_are_told_at_once(site):
    chosen = [MISTAKES[name] for name in ("an unknown key", "two owners", "a unit nobody knows")]
    for old, new, _ in chosen:
        spoil(site, old, new)
    said = site.run([BIN / "ofrecord", "check"])
    for _, _, pattern in chosen:
        is_refused(said, pattern)


def test_a_run_with_bad_rules_writes_nothing_and_the_next_one_completes(site):
    site.new_item("BR-1")
    text = (site.folder / FILE).read_text(encoding="utf-8")
    spoil(site, *MISTAKES["two owners"][:2])
    before = site.stage.journal()["next"]
    task = site.task("products", 1)
    outcomes = site.pipe(task)
    assert outcomes[1].code != 0
    assert site.writes(before) == []
    (site.folder / FILE).write_text(text, encoding="utf-8")
    assert [one.code for one in site.pipe(task)] == [0, 0, 0]
    assert site.products() == ["BR-1"]


def test_the_shipped_rules_are_accepted(site):
    outcome = site.run([BIN / "ofrecord", "check"])
    assert outcome.code == 0, outcome.out + outcome.err
