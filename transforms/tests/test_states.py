"""Tables of states: what a file may say, the proof that every combination ends in a row, and the table as people read it."""

from datetime import date
from decimal import Decimal
from itertools import product
from pathlib import Path
from shutil import copytree

import pytest

from ofrecord_kit.plan.states import read_table, row_of, together_of
from ofrecord_transforms.compile import compile_entity
from ofrecord_transforms.load import load, read_all
from ofrecord_transforms.problems import RulesError
from ofrecord_transforms.rules import Rules
from ofrecord_transforms.states import annotation
from ofrecord_transforms.states_page import page

DOCS = Path(__file__).parents[2] / "docs"
TABLE = """\
entity: bill
responsible: {owner: A, deputy: B, escalation: C}
systems:
  books: {stream: papers, id: paper_id}
  crm: {object: Trades, id: id}
combine: {into: trade, through: trade, by: trade_id}
figures:
  - {what: Paper, books: {field: status, values: {open: Open, closed: Closed}}}
  - {what: Total, format: money, books: total}
  - {what: Paid, format: money, books: paid}
  - {what: Due, format: date, books: due}
states:
  field: State
  flag: Problem
  since: Since
  zone: Europe/Berlin
  sums: {Settled: [Paid]}
  totals: {Money: Paid}
  rows:
    - {state: Closed, when: {Paper: [Closed]}}
    - {state: Paid, when: {Settled: {at least: Total}}}
    - {state: Late, when: {Due: passed}, flag: Late, since: Due}
    - {state: Again, when: {was: [Paid], Settled: fell}}
    - {state: Open, when: {Paper: [Open]}}
  together:
    - {state: Late, some: [Late]}
    - {state: Open, some: [Open, Again]}
    - {state: Paid, some: [Paid]}
    - {state: Closed, none: [Paid]}
fields:
  - {what: State, owner: books, combine: states, books: status, crm: State}
  - {what: Problem, owner: books, combine: states, books: status, crm: Problem}
  - {what: Since, owner: books, combine: states, format: date, books: due, crm: Since}
  - {what: Money, owner: books, combine: states, format: money, books: paid, crm: Money}
"""
TRADE = """\
entity: trade
responsible: {owner: A, deputy: B, escalation: C}
systems:
  books: {stream: trades, id: trade_id, external_id: cf_id}
  crm: {stream: Trades, id: id, external_id: Books_ID}
fields:
  - {what: Name, owner: books, crm: Name, books: name}
"""


def read(text: str) -> Rules:
    files = {"rules/bill.yml": text.encode(), "rules/trade.yml": TRADE.encode()}
    return read_all(files, Path("nowhere/rules"))


def problems_of(old: str, new: str) -> list[str]:
    assert old in TABLE
    with pytest.raises(RulesError) as told:
        read(TABLE.replace(old, new, 1))
    return told.value.problems


def test_a_table_that_is_whole_is_taken():
    assert read(TABLE).entities["bill"].states.names == ["Closed", "Paid", "Late", "Again", "Open"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("    - {state: Open, when: {Paper: [Open]}}\n", "", "no row holds when Due has not passed, Paper is Open, Settled is less than Total, the state was"),
        ("{state: Closed, when: {Paper: [Closed]}}", "{state: Closed}", '"states: Paid": is never reached'),
        ("    - {state: Paid, when: {Settled: {at least: Total}}}\n", "", '"Paid" is not a word of was.'),
        ("    - {state: Closed, none: [Paid]}\n", "", 'no row holds when the states are "Closed"'),
        ("    - {state: Paid, some: [Paid]}\n", "    - {state: Paid, some: [Paid]}\n    - {state: Late, some: [Late]}\n", '"states: together: Late": is never reached'),
        ("{Paper: [Closed]}", "{Paper: [Shut]}", '"Shut" is not a word of Paper. Use Open or Closed.'),
        ("{was: [Paid], ", "{was: [Payed], ", '"Payed" is not a word of was.'),
        ("{Settled: {at least: Total}}", "{Settled: {at least: Sum}}", '"Sum" is neither a number nor a figure.'),
        ("{Settled: {at least: Total}}", "{Settled: {exactly: Total}}", '"exactly" is not a key here.'),
        ("{Due: passed}", "{Total: passed}", "Total holds no day that could pass."),
        ("{Due: passed}", "{Date: passed}", '"Date" is not a figure.'),
        ("  zone: Europe/Berlin\n", "", "no zone says when a day ends"),
        ("  flag: Problem\n", "", "raises a flag, and no field shows it"),
        ("since: Due}", "since: Paid}", 'since: "Paid" is no figure with a day.'),
        ("totals: {Money: Paid}", "totals: {Money: Due}", 'Money: "Due" is no figure that can be added.'),
        ("sums: {Settled: [Paid]}", "sums: {Settled: [Due]}", '"Due" is no figure that can be added.'),
        ("owner: books, combine: states, books: status, crm: State}", "owner: books, combine: same, books: status, crm: State}", "Say combine: states."),
        ("totals: {Money: Paid}", "totals: {}", "and no table fills it"),
        ("format: date, books: due}\nstates", "format: day, books: due}\nstates", 'format "day" is not known.'),
        ("some: [Late]", "some: [Lost]", '"Lost" is no state of a record.'),
        ("- {what: Paid, format: money, books: paid}", "- {what: Total, format: money, books: paid}", "this name is used twice"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_table_is_said_with_its_remedy(old, new, expected):
    assert any(expected in problem for problem in problems_of(old, new)), problems_of(old, new)


def test_every_vendor_status_of_the_shipped_table_has_its_word(shipped_folder, tmp_path):
    folder = copytree(shipped_folder, tmp_path / "rules")
    path = folder / "invoice.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("viewed: Sent, ", "", 1), encoding="utf-8")
    with pytest.raises(RulesError) as told:
        load(folder)
    assert any('books invoices.status can also be "viewed". Add it.' in one for one in told.value.problems)


def test_every_combination_of_the_shipped_table_ends_in_a_row_and_every_row_is_met(shipped):
    """By trying: amounts of a few sizes, all words, all days, everything that was told before."""
    table = read_table("invoice", annotation(shipped.entities, shipped.entities["invoice"], "books", "crm"))
    sizes, met = [Decimal(0), Decimal(4), Decimal(10), Decimal(12)], set()
    states = [None, *dict.fromkeys(row.state for row in table.rows)]
    for paper, total, paid, credited, refunded, failed, due, was, before in product(
        ("Draft", "Sent", "Void"), (Decimal(0), Decimal(10)), sizes, sizes[:3], sizes[:3], sizes[:2],
        (None, "2026-03-01", "2026-03-02"), states, sizes[::2],
    ):  # fmt: skip
        for off in sizes[:2]:
            figures = {
                "Document": paper, "Total": total, "Paid": paid, "Credited": credited, "Written off": off, "Refunded": refunded,
                "Failed": failed, "Due": due, "was": was, "Settled": paid + credited + off,
            }  # fmt: skip
            row = row_of(table.rows, figures, {"Settled": before} if was else {}, date(2026, 3, 2))
            assert row is not None, figures
            met.add(table.rows.index(row))
    assert met == set(range(len(table.rows)))
    names = [name for name in states if name]
    sets = [
        {name for name, there in zip(names, chosen, strict=True) if there}
        for chosen in product((0, 1), repeat=len(names))
    ]
    reached = [together_of(table.together, one) for one in sets if one]
    assert None not in reached
    assert set(reached) == set(table.together)


def test_the_figures_of_a_record_travel_beside_it_and_what_is_none_is_told(shipped):
    made = compile_entity(shipped, shipped.entities["invoice"], "books", "crm")
    record = {
        "invoice_id": "1", "salesorder_id": "2", "status": "overdue", "total": "60.00", "balance": 36, "payment_made": Decimal(24),
        "credits_applied": "", "write_off_amount": 0, "due_date": "2026-03-12", "currency_code": "EUR",
    }  # fmt: skip
    [told] = made.records(record)
    assert told["_ofrecord"]["figures"] == {
        "Document": "Sent", "Total": Decimal(60), "Paid": Decimal(24), "Written off": Decimal(0), "Due": "2026-03-12", "~currency": "EUR",
    }  # fmt: skip
    [odd] = made.records({**record, "status": "pending_approval", "due_date": "soon"})
    assert set(odd["_ofrecord"]["invalid"]) >= {"document", "due"}
    assert "pending" not in str(odd["_ofrecord"]["invalid"])


def test_the_page_shows_the_table_of_the_rules(shipped):
    assert page(shipped.entities["invoice"]) in (DOCS / "quote-to-cash.md").read_text(encoding="utf-8")
