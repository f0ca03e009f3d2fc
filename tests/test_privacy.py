"""However a run ends: no secret and no personal value stands in logs, bookmarks or the lists of what went wrong.

The contract suites search the runs of each plugin alone; here vendors quote personal values in what they answer, records are
held for every reason, and programs meet what nobody expected.
"""

import json
import re

import pytest
from planted import CUSTOMER, TOKEN, Planted, plant_customer
from plugin_runs import Outcome
from typer.testing import CliRunner

from ofrecord.cli import app
from ofrecord_kit.ledger import Ledger

pytestmark = pytest.mark.promise("N21")

THERE = "tap-crm--customers own-customers-crm-to-inventory target-inventory"
BACK = "tap-inventory--customers own-customers-inventory-to-crm target-crm"
QUOTING = "{e-mail} of {first name} {last name} ({account}, {phone}) exists".format_map(CUSTOMER)
OF_PERSON = "{first name} {last name} <{e-mail}>, {mobile} exists".format_map(CUSTOMER)
OF_ACCOUNT = '"{account}" in {street}, phone {phone}, exists'.format_map(CUSTOMER)
SECRETS = {"client secret": "sandbox-secret", "refresh token": "1000.sandbox.refresh"}
EDITS = {"phone in the CRM": "+49 221 4711 0000", "phone in inventory": "+49 221 4711 1111"}
KNOWN = Planted({**CUSTOMER, **EDITS, **SECRETS})
CRM_ERROR = {"code": "INVALID_DATA", "message": QUOTING, "details": {"api_name": QUOTING}, "status": "error"}
FINANCE_ERROR = {"code": 4, "message": f"Invalid value passed for {CUSTOMER['e-mail']}: {QUOTING}"}
CRM_PERSON = {"id": "1", "Modified_Time": CUSTOMER["e-mail"], "Account_Name": CUSTOMER["account"]}
BOOKS_ROW = {"invoice_id": "1", "last_modified_time": CUSTOMER["e-mail"], "customer_name": CUSTOMER["account"]}
CONTACT_ROW = {"contact_id": "1", "last_modified_time": CUSTOMER["e-mail"], "contact_name": CUSTOMER["account"]}

READS = {
    "tap-crm--customers": ("/crm/v8/Accounts", CRM_ERROR, [{"data": [CRM_PERSON], "info": {}}, {"data": QUOTING}]),
    "tap-inventory--customers": (
        "/inventory/v1/contacts", FINANCE_ERROR, [{"code": 0, "contacts": [CONTACT_ROW]}, {"code": 0, "contacts": [QUOTING]}],
    ),
    "tap-books--finance": (
        "/books/v3/invoices", FINANCE_ERROR, [{"code": 0, "invoices": [BOOKS_ROW]}, {"code": 0, "invoices": [QUOTING]}],
    ),
}  # fmt: skip
WRITES = {
    "target-inventory": [
        ("/inventory/v1/contacts/contactpersons", {"code": 4, "message": f"Invalid value passed for {OF_PERSON}"}),
        ("/books/v3/contacts", {"code": 3062, "message": OF_ACCOUNT}),
    ],
    "target-crm": [("^/crm/v8/(?!coql)", {**CRM_ERROR, "message": OF_ACCOUNT, "details": {"api_name": "Vendor_Name"}})],
}
"""Where a target writes, and a refusal that quotes what was written."""
UNUSABLE = [{"code": 0, "contact": QUOTING, "data": [QUOTING]}, {"code": 0, "contact": [QUOTING], "data": QUOTING}]


def tell_nothing(*outcomes):
    for one in outcomes:
        assert KNOWN.found_in((one.err if one.program.startswith("tap-") else one.err + one.out).encode()) == []


def answering(site, *answers):
    """From now on the vendors answer so: path, status, body."""
    site.stage.control("DELETE", "faults")
    for path, status, body in answers:
        fault = {"match": {"path": path}, "do": "status", "status": status, "times": 0, "body": body}
        site.stage.control("POST", "faults", fault)


@pytest.mark.parametrize("tap", READS)
def test_a_tap_tells_nothing_of_an_answer_it_cannot_use(site, tap):
    path, refusal, unusable = READS[tap]
    for status, body in [(400, refusal), *((200, one) for one in unusable)]:
        answering(site, (path, status, body))
        outcome = site.plugin(tap)
        tell_nothing(outcome)
        assert outcome.code == 1
        assert re.search(
            r"The vendor refused \[\w+\], status 400" if status == 400 else r"Error$", outcome.err, re.MULTILINE
        )


@pytest.mark.parametrize("target", WRITES)
def test_a_target_tells_nothing_of_an_answer_it_cannot_use(site, target):
    lines = mapped(site, target)
    told = 0
    for number, answers in enumerate(answers_to(target)):
        answering(site, *answers)
        outcome = site.plugin(target, lines, ledger=f"{number}.db")
        assert outcome.code == 1
        tell_nothing(outcome)
        if "run refusals" in outcome.err:
            tell_nothing(*lists(site, f"{number}.db"))
            told += 1
    assert told


def answers_to(target):
    """Refusals of the call, refusals of its record, and answers of no use."""
    yield [(path, 400, body) for path, body in WRITES[target]]
    yield [(path, 200, {"data": [body]} if target == "target-crm" else body) for path, body in WRITES[target]]
    for body in UNUSABLE:
        yield [(path, 200, body) for path, _ in WRITES[target]]


def mapped(site, target):
    """What the mapper hands to the target: a customer and a vendor with everything personal."""
    if target == "target-inventory":
        plant_customer(site.people)
    else:
        names = {"contact_name": CUSTOMER["account"], "contact_type": "vendor"}
        site.people.ask("POST", "/inventory/v1/contacts", {**names, "billing_address": {"phone": CUSTOMER["phone"]}})
    tap, mapping, _ = (THERE if target == "target-inventory" else BACK).split()
    read = site.plugin(tap)
    made = site.plugin(mapping, stdin=read.out)
    assert (read.code, made.code) == (0, 0), read.err + made.err
    assert KNOWN.found_in(made.out.encode()), "nothing personal travels, so nothing could be told"
    return made.out


def lists(site, ledger="ledger.db"):
    """What `ofrecord` shows of what went wrong, to people and to programs."""
    words = [["held", "--waiting"], ["held", "--waiting", "--json"], ["history"], ["history", "--json"], ["audit"]]
    place = ["--ledger", str(site.folder / ledger)]
    told = [CliRunner().invoke(app, [*one, *place]) for one in words]
    assert told[0].stdout.strip(), "nothing is held, so nothing could be told"
    return [Outcome("ofrecord", one.exit_code, one.stdout, one.stderr) for one in told]


@pytest.mark.parametrize("program", [*READS, *WRITES])
def test_an_accounts_server_that_repeats_what_was_sent_is_not_repeated(site, program):
    lines = mapped(site, program) if program in WRITES else None
    answering(site, ("/oauth/", 400, {"error": f"{' '.join(SECRETS.values())} {QUOTING}"}))
    outcome = site.plugin(program, lines, state_dir="another")
    tell_nothing(outcome)
    assert outcome.code == 1
    assert "The accounts server refuses the login" in outcome.err
    assert TOKEN.search(outcome.err.encode()) is None


@pytest.mark.parametrize(
    "record", [{"id": [QUOTING]}, {"id": "1", "Account_Name": {"a": QUOTING}, "Modified_Time": QUOTING}, QUOTING]
)
def test_the_mapper_tells_nothing_of_a_record_it_cannot_use(site, record):
    schema = {"type": "SCHEMA", "stream": "Accounts", "schema": {"properties": {}}, "key_properties": ["id"]}
    message = {"type": "RECORD", "stream": "Accounts", "record": record}
    for line in (json.dumps(message), json.dumps(message)[:-2]):
        outcome = site.plugin("own-customers-crm-to-inventory", f"{json.dumps(schema)}\n{line}\n")
        assert KNOWN.found_in(outcome.err.encode()) == []


def test_whatever_records_are_held_for_no_list_tells_a_value_unasked(site):
    account, person = plant_customer(site.people)
    said = site.pipe(THERE)
    edit_both(site, account)
    plant_customer(site.people, account="Quilfeather & Søns", **{"e-mail": "q@quilfeather.example"})  # near the first
    plant_customer(site.people, account="Okonkwo", country=CUSTOMER["city"], **{"e-mail": "o@o.example"})
    site.people.crm_put("Contacts", person, Mobile=f"{CUSTOMER['mobile']}-2")  # refused below
    answering(site, *((path, 400, body) for path, body in WRITES["target-inventory"][:1]))
    said += site.pipe(THERE) + site.pipe(BACK)
    ledger = Ledger(str(site.folder / "ledger.db"))
    kinds = {held.kind for state in ("open", "waiting") for held in ledger.held(state=state)}
    ledger.close()
    assert kinds >= {"conflict", "duplicate", "invalid", "refused", "reference"}
    tell_nothing(*(one for one in said if one.program != "ofrecord-mapper"))
    assert [one for one in said if one.program == "ofrecord-mapper" and KNOWN.found_in(one.err.encode())] == []
    tell_nothing(*lists(site))
    bookmarks = list((site.folder / "run").glob("*.state"))
    assert bookmarks
    assert [mark.name for mark in bookmarks if KNOWN.found_in(mark.read_bytes())] == []


def edit_both(site, account):
    """Two people change the phone of a customer, each in another system."""
    site.people.crm_put("Accounts", account, Phone=EDITS["phone in the CRM"])
    [contact] = [row["contact_id"] for row in site.people.finance_list("/inventory/v1/contacts", "contacts")]
    path = f"/inventory/v1/contacts/{contact}"
    address = {**site.people.finance_get(path, "contact")["billing_address"], "phone": EDITS["phone in inventory"]}
    names = {"contact_name": CUSTOMER["account"], "contact_type": "customer"}
    site.people.ask("PUT", path, {**names, "billing_address": address})
