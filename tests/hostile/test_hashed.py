"""A whole job with `values: hashed`, vendors that quote values, and every way to fail: no personal value stays anywhere."""

import sqlite3
from contextlib import closing

import pytest
from planted import CUSTOMER, Planted, plant_customer

KEY = "a key of the tests that must not be found anywhere"
THERE = "tap-crm--customers own-customers-crm-to-inventory target-inventory"
BACK = "tap-inventory--customers own-customers-inventory-to-crm target-crm"
HASHED = {"values": "hashed"}
QUOTING = "{e-mail} of {first name} {last name} ({account}, {phone}, {mobile}, {street}) exists".format_map(CUSTOMER)
SECRETS = {"client secret": "sandbox-secret", "refresh token": "1000.sandbox.refresh", "the ledger's key": KEY}
KNOWN = Planted({**CUSTOMER, **SECRETS})
FAILURES = {
    "a refusal that quotes all of it": ("/inventory/v1/contacts", 400, {"code": 4, "message": QUOTING}),
    "a refusal of the person": ("/inventory/v1/contacts/contactpersons", 400, {"code": 4, "message": QUOTING}),
    "an answer that is no JSON": ("/inventory/v1/contacts", 500, {"message": QUOTING}),
}


def left(site):
    """What stands where, settings that the test itself wrote aside."""
    found = KNOWN.found_below(site.folder)
    return {
        place: what for place, what in found.items() if not place.startswith("run/tap-") and not place.startswith("run/target-")
    }  # fmt: skip


@pytest.fixture
def keyed(site):
    """Every program has the ledger's key in its environment."""
    before = dict(site.stage.environment)
    site.stage.environment["OFRECORD_LEDGER_KEY"] = KEY
    yield site
    site.stage.environment.clear()
    site.stage.environment.update(before)


def pipes(site):
    changes = {"target-inventory": HASHED, "target-crm": HASHED}
    return [*site.pipe(THERE, changes), *site.pipe(BACK, changes)]


def told_nothing(outcomes):
    for one in outcomes:
        assert KNOWN.found_in(one.err.encode()) == [], one.program
        assert "Traceback" not in one.err


@pytest.mark.parametrize("failure", FAILURES)
def test_whatever_fails_with_values_hashed_nothing_personal_stays(failure, keyed):
    path, status, body = FAILURES[failure]
    plant_customer(keyed.people)
    fault = {"match": {"path": path, "method": "POST"}, "do": "status", "status": status, "times": 0, "body": body}
    keyed.stage.control("POST", "faults", fault)
    outcomes = pipes(keyed)
    keyed.stage.control("DELETE", "faults")
    told_nothing(outcomes)
    assert outcomes[2].code == 1, outcomes[2].err
    assert left(keyed) == {}
    mended = pipes(keyed)
    told_nothing(mended)
    assert left(keyed) == {}
    with closing(sqlite3.connect(keyed.folder / "ledger.db")) as ledger:
        assert ledger.execute("SELECT count(*) FROM link WHERE entity = 'account'").fetchone()[0] >= 1
