"""The decision table, a sentence a cell: what becomes of one field.

`s` is what the source sends, `a` what both agreed on, `d` what the destination holds. Numbers are prices, so that forms
can be seen not to matter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ofrecord_kit.plan import (
    UNKNOWN,
    Agree,
    Agreed,
    Conflict,
    Decision,
    FieldRule,
    Leave,
    Times,
    Violation,
    Write,
    adopt,
    decide,
    observe,
)
from ofrecord_kit.plan.contests import is_contested, time_of_a_person
from ofrecord_kit.plan.fields import Yield
from ofrecord_kit.plan.gone import Act, Follow, Gone, Nothing, on_deletion, on_leaving, on_return

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OURS = FieldRule("Price", "price", "inventory", form="money", native_form="money")
THEIRS = replace(OURS, owner="crm")
THIRDS = replace(OURS, owner="shop")
SHARED = replace(OURS, owner="shared")
LATEST = replace(SHARED, policy="latest")
FIRST = replace(SHARED, policy="first created")
INVENTORY = replace(SHARED, policy="inventory")
CRM = replace(SHARED, policy="crm")
ORDER = replace(SHARED, policy=("shop", "crm", "inventory"))
ADDRESS = FieldRule("address", "address", "shared", form="address", native_form="address")
LINES = FieldRule("lines", "lines", "inventory", form="lines", native_form="lines", identity=("sku",))
REFERENCE = FieldRule("Account", "account", "inventory", form="reference", ref="account")
NEVER = Agreed()


def both(value: Any) -> Agreed:
    return Agreed(value, value)


@dataclass(frozen=True)
class Cell:
    """One cell. `more` are the arguments of `decide` it needs besides."""

    says: str
    rule: FieldRule
    s: Any
    a: Agreed
    d: Any
    becomes: Decision
    more: Any = None


def clocks(source: timedelta | None, destination: timedelta | None) -> dict[str, Times]:
    return {"times": Times(*(None if one is None else NOON + one for one in (source, destination)))}


def born(source: timedelta, destination: timedelta) -> dict[str, Times]:
    return {"times": Times(source_created=NOON + source, destination_created=NOON + destination)}


MINE, ALONE, SAME = "inventory owns it", "shared, changed on one side only", Agree(12, "both hold the same")
ASK = Conflict(12, 15, "policy review: both sides differ")
NOT_TOLD = Conflict(12, 15, "policy latest: both sides differ")
BONN, KOELN = {"street": "Markt 1", "city": "Bonn"}, {"street": "Markt 1", "city": "Köln"}
ULM = {"street": "Gasse 2", "city": "Ulm"}
ONE, TWO = {"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 2}

OWNED = [
    Cell("an owner that changed nothing writes nothing whatever the other side holds", OURS, 10, both(10), 99, Leave()),
    Cell("an owner that only wrote its value in another form writes nothing", OURS, "10.00", both(10), 99, Leave()),
    Cell("an owner that changed its value has it written", OURS, 12, both(10), 10, Write(12, MINE)),
    Cell("an owner overrules an edit of the other side, which is told", OURS, 12, both(10), 15, Write(12, MINE, 15)),
    Cell("an owner whose new value is there already has nothing written", OURS, 12, both(10), 12, SAME),
    Cell("an owner that clears its value clears the other side", OURS, None, both(10), 10, Write(None, MINE)),
    Cell("an owner that clears what is empty there has nothing written", OURS, None, both(10), None, Agree(None, "both hold the same")),
    Cell("an owner that fills an agreed empty value has it written", OURS, 12, both(None), None, Write(12, MINE)),
    Cell("an owner that returns to an earlier value has that written: A, B, A", OURS, 10, both(12), 12, Write(10, MINE)),
    Cell("an owner that clears what it agreed on as empty text changed nothing", OURS, None, both(""), 9, Leave()),
    Cell("of records just paired the owner's value is written", OURS, 12, NEVER, 15, Write(12, MINE)),
    Cell("of records just paired equal values are agreed", OURS, 12, NEVER, 12, SAME),
    Cell("of records just paired an owner without a value leaves what is there", OURS, None, NEVER, 15, Agree(15, "the source does not fill it")),
    Cell("of records just paired an owner without a value clears if the rules say so", OURS, None, NEVER, 15, Write(None, MINE), {"missing": "clear"}),
    Cell("an edit there of a field nobody agreed on there is no edit to overrule", OURS, 12, Agreed(10, UNKNOWN), 15, Write(12, MINE)),
]  # fmt: skip

NOT_OWNED = [
    Cell("what the destination owns is never written, changed or not", THEIRS, 12, both(10), 10, Leave()),
    Cell("what the destination owns is not even written where it is empty", THEIRS, 12, NEVER, None, Leave()),
    Cell("what a third system owns is not written between two others", THIRDS, 12, both(10), 10, Leave()),
]

SHARED_FIELDS = [
    Cell("a shared field the source left alone is left to the other direction", SHARED, 10, both(10), 15, Leave()),
    Cell("a shared field changed here alone is written", SHARED, 12, both(10), 10, Write(12, ALONE)),
    Cell("a shared field cleared here alone is cleared", SHARED, None, both(10), 10, Write(None, ALONE)),
    Cell("a shared field that went and came back is written back: A, B, A", SHARED, 10, both(12), 12, Write(10, ALONE)),
    Cell("the same edit on both sides is agreed without a word", SHARED, 12, both(10), 12, SAME),
    Cell("the same edit in another form on both sides is agreed, too", SHARED, 12, both(10), "12.00", Agree("12.00", "both hold the same")),
    Cell("two edits without a policy wait for a person", SHARED, 12, both(10), 15, ASK),
    Cell("two edits under review wait for a person", replace(SHARED, policy="review"), 12, both(10), 15, ASK),
    Cell("an edit against a clearing is a conflict, too", SHARED, None, both(10), 15, Conflict(None, 15, ASK.why)),
    Cell("of records just paired an empty side takes the other's value", SHARED, 12, NEVER, None, Write(12, "shared, empty on one side")),
    Cell("of records just paired a source without a value leaves the other's", SHARED, None, NEVER, 15, Leave()),
    Cell("of records just paired two values wait for a person", SHARED, 12, NEVER, 15, ASK),
    Cell("of records just paired two empty values are agreed", SHARED, None, NEVER, "", Agree("", "both hold the same")),
]  # fmt: skip

POLICIES = [
    Cell("latest: the source's edit is later and is written", LATEST, 12, both(10), 15, Write(12, "policy latest", 15), clocks(HOUR, 0 * HOUR)),
    Cell("latest: the destination's edit is later and stays", LATEST, 12, both(10), 15, Leave(), clocks(0 * HOUR, HOUR)),
    Cell("latest: two edits within the clock tolerance wait for a person", LATEST, 12, both(10), 15, NOT_TOLD, clocks(HOUR, HOUR + timedelta(seconds=119))),
    Cell("latest: two edits the clock tolerance apart are ordered", LATEST, 12, both(10), 15, Leave(), clocks(HOUR, HOUR + timedelta(seconds=120))),
    Cell("latest: without the source's time a person decides", LATEST, 12, both(10), 15, NOT_TOLD, clocks(None, HOUR)),
    Cell("latest: without the destination's time a person decides", LATEST, 12, both(10), 15, NOT_TOLD, clocks(HOUR, None)),
    Cell("latest: one edit alone needs no clock", LATEST, 12, both(10), 10, Write(12, ALONE), clocks(None, None)),
    Cell("latest: of records just paired the one changed later gives its value", LATEST, 12, NEVER, 15, Write(12, "policy latest", 15), clocks(HOUR, 0 * HOUR)),
    Cell("first created: the older source gives its value", FIRST, 12, NEVER, 15, Write(12, "policy first created", 15), born(0 * HOUR, HOUR)),
    Cell("first created: the older destination keeps its value", FIRST, 12, NEVER, 15, Leave(), born(HOUR, 0 * HOUR)),
    Cell("first created: seconds count, no tolerance", FIRST, 12, NEVER, 15, Leave(), born(timedelta(seconds=1), 0 * HOUR)),
    Cell("first created: at the same moment a person decides", FIRST, 12, NEVER, 15, Conflict(12, 15, "policy first created: both sides differ"), born(HOUR, HOUR)),
    Cell("a named system that is the source wins a real double edit", INVENTORY, 12, both(10), 15, Write(12, "policy inventory", 15)),
    Cell("a named system that is the destination keeps its value", CRM, 12, both(10), 15, Leave(), {"destination": "crm"}),
    Cell("a named system does not win where it changed nothing", CRM, 12, both(10), 10, Write(12, ALONE), {"destination": "crm"}),
    Cell("a named third system decides nothing between two others", replace(SHARED, policy="shop"), 12, both(10), 15, Conflict(12, 15, "policy shop: both sides differ"), {"destination": "crm"}),
    Cell("precedence: the destination is named earlier and stays", ORDER, 12, both(10), 15, Leave(), {"destination": "crm"}),
    Cell("precedence: a value edited in the third system counts as that one's", ORDER, 12, both(10), 15, Write(12, "policy shop, crm, inventory", 15), {"destination": "crm", "origins": ("shop", "crm")}),
    Cell("precedence: a system the order does not name has a person decide", replace(SHARED, policy=("crm", "shop")), 12, both(10), 15, Conflict(12, 15, "policy crm, shop: both sides differ"), {"destination": "crm"}),
]  # fmt: skip

DECIDED = [
    Cell("a person took the source: its value is written", SHARED, 12, both(10), 15, Write(12, "decided: take inventory", 15), {"taken": "inventory"}),
    Cell("a person took the destination: it stays, and the source's edit counts as known", SHARED, 12, both(10), 15, Yield(10, "decided: take crm"), {"taken": "crm", "destination": "crm"}),
    Cell("a person took the destination of records just paired: nothing was agreed there", SHARED, 12, NEVER, 15, Yield(None, "decided: take crm"), {"taken": "crm", "destination": "crm"}),
    Cell("an answer counts for more than the policy", LATEST, 12, both(10), 15, Write(12, "decided: take inventory", 15), {"taken": "inventory", **clocks(0 * HOUR, HOUR)}),
    Cell("an answer has nothing to say where there is no conflict", SHARED, 12, both(10), 10, Write(12, ALONE), {"taken": "crm", "destination": "crm"}),
    Cell("an answer that names a third system decides nothing", SHARED, 12, both(10), 15, ASK, {"taken": "shop", "destination": "crm"}),
]  # fmt: skip

KINDS_OF_VALUES = [
    Cell("an address whose city moved travels whole", ADDRESS, KOELN, both(BONN), BONN, Write(KOELN, ALONE)),
    Cell("an address edited in two parts by two sides is one conflict, never a mixture", ADDRESS, KOELN, both(BONN), ULM, Conflict(KOELN, ULM, ASK.why)),
    Cell("an address with an empty part is the same as one without it", ADDRESS, {**BONN, "state": ""}, both(BONN), ULM, Leave()),
    Cell("lines in another order are the same lines", LINES, [TWO, ONE], both([ONE, TWO]), [], Leave()),
    Cell("a line whose quantity changed travels with its lines", LINES, [ONE | {"quantity": 3}, TWO], both([ONE, TWO]), [ONE, TWO], Write([ONE | {"quantity": 3}, TWO], MINE)),
    Cell("a line that went is no longer among the lines", LINES, [ONE], both([ONE, TWO]), [ONE, TWO], Write([ONE], MINE)),
    Cell("two equal lines are two", LINES, [ONE, ONE], both([ONE]), [ONE], Write([ONE, ONE], MINE)),
    Cell("a reference is its id, whatever name comes along", REFERENCE, "7", both("5"), {"id": "7", "name": "Acme"}, Agree({"id": "7", "name": "Acme"}, "both hold the same")),
    Cell("a conversion that loses something is no edit", replace(OURS, form="date", native_form="datetime"), "2026-03-01T10:00:00+01:00", Agreed("2026-03-01T09:00:00+00:00", "2026-03-01"), "2026-03-05", Leave()),
]  # fmt: skip

CELLS = [*OWNED, *NOT_OWNED, *SHARED_FIELDS, *POLICIES, *DECIDED, *KINDS_OF_VALUES]


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.says)
def test_cell(cell: Cell) -> None:
    options = {"destination": "crm", **(cell.more or {})}
    assert decide(cell.rule, "inventory", cell.s, cell.s, cell.a, cell.d, **options) == cell.becomes


def test_every_cell_has_a_sentence_of_its_own() -> None:
    assert len({cell.says for cell in CELLS}) == len(CELLS)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.says)
def test_a_decision_that_was_carried_out_leaves_nothing_to_decide(cell: Cell) -> None:
    options = {"destination": "crm", **(cell.more or {}), "taken": None}
    match cell.becomes:
        case Write(value):
            after, there = Agreed(cell.s, value), value
        case Agree(there):
            after = Agreed(cell.s, there)
        case Yield(base):
            after, there = Agreed(cell.s, base), cell.d
        case _:
            return
    assert decide(cell.rule, "inventory", cell.s, cell.s, after, there, **options) == Leave()


def test_a_yielded_value_goes_over_in_the_other_direction_without_a_question() -> None:
    for agreed in (both(10), NEVER):
        yielded = decide(SHARED, "inventory", 12, 12, agreed, 15, destination="crm", taken="crm")
        assert isinstance(yielded, Yield)
        back = decide(SHARED, "crm", 15, 15, Agreed(yielded.destination, 12), 12, destination="inventory")
        assert back == Write(15, ALONE)


@pytest.mark.promise("F019")
@pytest.mark.parametrize(("s", "d"), [("10.00", "10.0"), (10, 15), (12, 10), (12, 12), (None, "")])
def test_only_two_different_changes_since_the_last_agreement_are_a_conflict(s: Any, d: Any) -> None:
    assert not isinstance(decide(SHARED, "inventory", s, s, both(10), d), Conflict)
    assert isinstance(decide(SHARED, "inventory", 12, 12, both(10), 15), Conflict)


OBSERVED = [
    ("a value the owner's partner left alone is nothing", THEIRS, "10.00", both(10), None),
    ("a value nobody agreed on is nothing", THEIRS, 15, NEVER, None),
    ("a lone edit is put back", THEIRS, 15, both(10), Violation("price", 10, 15, "revert")),
    ("a lone clearing is put back, too", THEIRS, None, both(10), Violation("price", 10, None, "revert")),
    ("a lone edit is held where the rules hold it", replace(THEIRS, answer="hold"), 15, both(10), Violation("price", 10, 15, "hold")),
    ("a lone edit is adopted where the rules adopt it", replace(THEIRS, answer="adopt"), 15, both(10), Violation("price", 10, 15, "adopt")),
]  # fmt: skip


@pytest.mark.parametrize(("says", "rule", "seen", "agreed", "becomes"), OBSERVED, ids=[row[0] for row in OBSERVED])
def test_observed(says: str, rule: FieldRule, seen: Any, agreed: Agreed, becomes: Violation | None) -> None:
    assert observe(rule, seen, agreed) == becomes, says


EDIT = Violation("price", 10, 15, "adopt")
ADOPTED = [
    ("the owner takes over an edit of what it left alone", 10, both(10), Write(15, "adopted", 10)),
    ("an owner that holds the edit already agrees", 15, both(10), Agree(15, "the owner holds the same")),
    ("an owner that changed it too wins", 12, both(10), replace(EDIT, answer="revert")),
    ("an owner of whose value nothing is known wins", 10, NEVER, replace(EDIT, answer="revert")),
]


@pytest.mark.parametrize(("says", "current", "agreed", "becomes"), ADOPTED, ids=[row[0] for row in ADOPTED])
def test_adopted(says: str, current: Any, agreed: Agreed, becomes: Any) -> None:
    assert adopt(THEIRS, 15, EDIT, agreed, current) == becomes, says


GOING: list[tuple[str, Gone, Gone]] = [
    ("a record deleted before it was synced has no counterpart to do anything about", on_deletion(is_linked=False, noted=None, action="inactive"), Nothing("deleted before it was ever synced")),
    ("a deletion takes the action of the rules", on_deletion(is_linked=True, noted=None, action="inactive"), Act("inactive")),
    ("a document deleted by its owner is voided where the rules void it", on_deletion(is_linked=True, noted=None, action="void"), Act("void")),
    ("a deletion the rules say nothing about is only counted", on_deletion(is_linked=True, noted=None, action=None), Nothing("deleted at the source; the rules leave the other side")),
    ("a deletion that was answered is not answered again", on_deletion(is_linked=True, noted="inactive", action="inactive"), Nothing(news=False)),
    ("a deletion that was noted is not noted again", on_deletion(is_linked=True, noted=True, action=None), Nothing(news=False)),
    ("a deletion that answers the other side's deletion is not answered in turn", on_deletion(is_linked=True, noted=None, action="delete", echo=True), Nothing(news=False)),
    ("a record merged into another one takes no counterpart away", on_deletion(is_linked=True, noted=None, action="inactive", winner="7"), Follow("7")),
    ("a merge noticed after the deletion was noted is still followed", on_deletion(is_linked=True, noted=True, action=None, winner="7"), Follow("7")),
    ("a record that leaves the view takes the action of the rules", on_leaving(is_linked=True, has_gone=False, action="inactive"), Act("inactive")),
    ("a record that leaves the view is told where the rules do nothing", on_leaving(is_linked=True, has_gone=False, action=None), Nothing()),
    ("a record out of the view since long is no news", on_leaving(is_linked=True, has_gone=True, action="inactive"), Nothing(news=False)),
    ("a record that was never synced leaves nothing", on_leaving(is_linked=False, has_gone=False, action="inactive"), Nothing(news=False)),
    ("a record that comes back is active again", on_return("inactive", None), Act("active")),
    ("a record that comes back is what its source says it is", on_return("inactive", "inactive"), Act("inactive")),
    ("a record that comes back from a leaving nobody answered is only told", on_return(True, None), Nothing()),
    ("a record that was never away does not come back", on_return(None, "active"), Nothing(news=False)),
]  # fmt: skip


@pytest.mark.parametrize(("says", "found", "becomes"), GOING, ids=[row[0] for row in GOING])
def test_going(says: str, found: Gone, becomes: Gone) -> None:
    assert found == becomes, says


MEETING = [
    ("a change on both sides is contested", 12, both(10), 15, True),
    ("a change on both sides to the same is contested until it is agreed", 12, both(10), 12, True),
    ("a change here alone is not", 12, both(10), 10, False),
    ("a change there alone is not", 10, both(10), 15, False),
    ("a touch on both sides is not", "10.00", both(10), "10.0", False),
    ("of records just paired nothing is known to be contested", 12, NEVER, 15, False),
]


@pytest.mark.parametrize(("says", "s", "agreed", "d", "becomes"), MEETING, ids=[row[0] for row in MEETING])
def test_contested(says: str, s: Any, agreed: Agreed, d: Any, *, becomes: bool) -> None:
    assert is_contested(SHARED, s, agreed, d) is becomes, says


@pytest.mark.parametrize(
    ("says", "modified", "ours", "becomes"),
    [
        ("a time long after our write is a person's", HOUR, [0 * HOUR], HOUR),
        ("a time of our write is nobody's", HOUR, [0 * HOUR, HOUR], None),
        ("a time where we never wrote is a person's", HOUR, [], HOUR),
        ("an unknown time stays unknown", None, [HOUR], None),
    ],
)
def test_whose_time(says: str, modified: timedelta | None, ours: list[timedelta], becomes: timedelta | None) -> None:
    found = time_of_a_person(None if modified is None else NOON + modified, [NOON + one for one in ours], 120)
    assert found == (None if becomes is None else NOON + becomes), says
