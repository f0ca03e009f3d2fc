"""`ofrecord check --live` and `ofrecord scopes --live` on a sandbox: what a run would stumble over, said before it."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(sandbox, tmp_path, monkeypatch):
    """A project folder whose environment names the sandbox; `settings` has a plugin's own."""
    shutil.copy(ROOT / "meltano.yml", tmp_path)
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    for name, value in sandbox.config(tmp_path / "state").items():
        monkeypatch.setenv(f"OFRECORD_{name.upper()}", str(value))
    yield tmp_path
    sandbox.control("POST", "oauth", {})


@pytest.fixture
def check(project, ask):
    """Exit code and what was told as JSON."""

    def told():
        done = ask("check", "--live", "--rules", str(project / "rules"), "--project", str(project), "--json")
        assert done.stdout, done.stderr
        return done.exit_code, json.loads(done.stdout)

    return told


def line_of(what):
    """`rules/product.yml:41`: where the shipped rules name a field."""
    file, _, name = what.partition(": ")
    lines = (ROOT / "rules" / f"{file}.yml").read_text(encoding="utf-8").splitlines()
    return f"rules/{file}.yml:{lines.index(f'  - what: {name}') + 1}"


def test_systems_as_the_rules_want_them_are_all_well_at_one_call_a_module(check, sandbox):
    sandbox.control("DELETE", "journal")
    code, told = check()
    assert (code, told["problems"]) == (0, [])
    assert told["live"]["fields"] > 100
    asked = Counter(
        (one["path"], one["query"].get("module")) if "query" in one else one["path"]
        for one in sandbox.control("GET", "journal")["entries"]
        if one["path"].endswith(("/fields", "/preferences"))
    )
    most = 8 + 2 + 2
    assert sum(asked.values()) <= most, (
        "eight modules, lines of quotes and price books, two organisations' custom fields"
    )


CHANGES = {
    "EAN": ({"permission": "hidden"}, "unreadable", "product: EAN", "the token may not read or write it. Give its user the right to see"),
    "Unit_Price": (
        {"permission": "read_only"}, "unwritable", "product: List price", "the token may not write it. Give its user the right to edit",
    ),
    "Weight_g": ({"read_only": True}, "unwritable", "product: Shipping weight", "nobody can write it. Give the field to that system"),
    "Unit_Of_Measure": (
        {"api_name": "Unit_Of_Measures"}, "missing", "product: Sales unit", 'no field Unit_Of_Measure now. Did you mean "Unit_Of_Measures"?',
    ),
    "Product_Code": ({"data_type": "integer"}, "retyped", "product: Code", "of the type integer now, the catalog says text. Capture it again"),
}  # fmt: skip


@pytest.mark.promise("F012")
def test_each_mapped_field_that_cannot_be_read_or_written_as_the_rules_say_is_named_with_its_line_before_any_run(
    check, sandbox
):
    for name, (change, *_) in CHANGES.items():
        sandbox.control("PUT", "crm/fields", {"module": "Products", "field": name, **change})
    code, told = check()
    assert code == 1
    found = {(one["field"], one["where"]): one for one in told["live"]["findings"]}
    assert {name for name, _ in found} == set(CHANGES)
    for name, (_, kind, rule, words) in CHANGES.items():
        one = found[name, line_of(rule)]
        assert (one["kind"], one["system"], one["object"]) == (kind, "crm", "Products")
        assert one["message"].startswith(f'{one["where"]}, "')
        assert words in one["message"]
        assert one["message"] in told["problems"]


def test_a_column_of_the_lines_of_a_document_is_looked_at_too(check, sandbox):
    sandbox.control("PUT", "crm/fields", {"module": "Quoted_Items", "field": "Quantity", "permission": "hidden"})
    code, told = check()
    assert code == 1
    assert {one["field"] for one in told["live"]["findings"]} == {"Quoted_Items.Quantity"}


def test_a_field_that_a_promise_is_written_to_is_looked_at_too(check, sandbox):
    sandbox.control("PUT", "crm/fields", {"module": "Quoted_Items", "field": "Stock_Status", "permission": "read_only"})
    code, told = check()
    assert code == 1
    [found] = told["live"]["findings"]
    assert (found["kind"], found["field"], found["where"]) == (
        "unwritable",
        "Quoted_Items.Stock_Status",
        "rules/promises/quotes.yml:1",
    )


def test_a_field_that_is_only_read_may_be_read_only(check, sandbox):
    sandbox.control("PUT", "crm/fields", {"module": "Accounts", "field": "Website", "permission": "read_only"})
    assert check()[0] == 0


@pytest.mark.promise("F101")
def test_a_field_the_layout_demands_since_yesterday_and_nobody_fills_is_named(check, sandbox):
    sandbox.control("PUT", "crm/fields", {"module": "Products", "field": "Manufacturer", "required": True})
    code, told = check()
    assert code == 1
    found = {one["where"]: (one["kind"], one["field"]) for one in told["live"]["findings"]}
    assert set(found.values()) == {("required", "Manufacturer")}
    assert set(found) == {"rules/product.yml:1", "rules/composite_product.yml:1"}
    assert "crm requires Manufacturer of new Products now, and no line fills it" in told["problems"][0]


def test_a_module_that_is_gone_is_one_problem_and_the_others_are_looked_at(check, sandbox):
    sandbox.control("PUT", "crm/modules", {"module": "Vendors", "api_supported": False})
    sandbox.control("PUT", "crm/fields", {"module": "Products", "field": "EAN", "permission": "hidden"})
    code, told = check()
    assert code == 1
    found = {(one["kind"], one["object"]) for one in told["live"]["findings"]}
    assert found == {("refused", "Vendors"), ("unreadable", "Products")}


def test_custom_fields_of_the_finance_side_are_there_active_and_no_other_is_demanded(check, sandbox, tmp_path):
    with Client(Connection.from_config(sandbox.config(tmp_path)), system="inventory", plugin="test") as client:
        fields = client.get("/inventory/v1/settings/preferences").body["customfields"]
        crm_id = next(one for one in fields["item"] if one["api_name"] == "cf_crm_id")
        path = f"/inventory/v1/settings/customfields/{crm_id['customfield_id']}"
        client.send("PUT", path, json={"is_active": False})
        client.send(
            "POST", "/inventory/v1/settings/customfields",
            json={"module": "contact", "label": "Region", "api_name": "cf_region", "is_mandatory": True},
        )  # fmt: skip
    code, told = check()
    assert code == 1
    found = {(one["kind"], one["object"], one["field"]) for one in told["live"]["findings"]}
    assert ("missing", "items", "cf_crm_id") in found
    assert ("required", "contacts", "cf_region") in found


@pytest.fixture
def token(sandbox, monkeypatch, tmp_path):
    """Makes the project's token one of these scopes, which the accounts server tells."""

    def of(scopes, variable="OFRECORD_REFRESH_TOKEN"):
        name = f"1000.{tmp_path.name}.{len(scopes)}"
        sandbox.control("POST", "oauth", {"tell_scope": True})
        sandbox.control("POST", "tokens", {"refresh_token": name, "scopes": scopes})
        monkeypatch.setenv(variable, name)

    return of


@pytest.fixture
def exact(ask):
    return ask("scopes", "--rules", str(ROOT / "rules"), "--line").stdout.strip().split(",")


@pytest.mark.promise("N03")
def test_before_any_run_a_wider_token_warns_and_a_narrower_one_stops(project, ask, token, exact):
    def asked():
        done = ask("scopes", "--live", "--rules", str(project / "rules"), "--project", str(project))
        return done.exit_code, done.stdout, done.stderr

    token(exact)
    assert asked() == (0, "", "The granted scopes are enough.\n")
    token([*exact, "ZohoCRM.modules.ALL"])
    code, _, words = asked()
    assert code == 0
    assert words.startswith("Warning: more than the rules need: ZohoCRM.modules.ALL.")
    token([one for one in exact if one not in {"ZohoCRM.modules.products.CREATE", "ZohoInventory.items.READ"}])
    code, out, words = asked()
    assert code == 1
    assert [line.split("\t")[1] for line in out.splitlines()] == [
        "ZohoCRM.modules.products.CREATE",
        "ZohoInventory.items.READ",
    ]
    assert (
        "crm: the token was not granted ZohoCRM.modules.products.CREATE (composite product: creates Products; product: creates Products"
        in words
    )
    assert "product: reads items" in words


def test_the_least_token_is_enough_to_look_and_what_it_cannot_see_is_said(check, token, exact):
    token(exact)
    code, told = check()
    assert (code, told["problems"]) == (0, [])
    assert told["notes"]
    books = "Not looked at: books: which custom fields there are (its preferences are refused)"
    layouts = "what its layouts demand (scope ZohoCRM.settings.layouts.READ)"
    assert [line for line in told["notes"] if layouts not in line] == [books]


def test_a_target_with_a_token_of_its_own_is_asked_what_it_may_write(project, check, token, exact):
    token([one for one in exact if one != "ZohoCRM.modules.products.CREATE"], "OFRECORD_TARGET_TOKEN")
    token([one for one in exact if one.endswith("READ")])
    path = project / "meltano.yml"
    text = path.read_text(encoding="utf-8")
    for name in ("crm", "inventory"):
        old = f"executable: target-{name}, settings: *connection"
        assert old in text
        text = text.replace(old, f"{old}, config: {{refresh_token: $OFRECORD_TARGET_TOKEN}}")
    path.write_text(text, encoding="utf-8")
    code, told = check()
    assert code == 1
    assert [one["scope"] for one in told["live"]["scopes"]["missing"]] == ["ZohoCRM.modules.products.CREATE"]


def test_a_project_without_the_tap_of_books_asks_the_target_that_writes_through_its_door(project, ask, token, exact):
    for path in (project / "rules").glob("*.yml"):
        if path.stem not in {"account", "price_list", "product", "composite_product"}:  # what an account points at
            path.unlink()
    path = project / "meltano.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("name: tap-books\n", "name: tap-elsewhere\n")
        .replace("{name: tap-books--", "{name: tap-there--")
        .replace("inherit_from: tap-books", "inherit_from: tap-elsewhere"),
        encoding="utf-8",
    )
    token([one for one in exact if one != "ZohoBooks.contacts.UPDATE"])
    done = ask("scopes", "--live", "--rules", str(project / "rules"), "--project", str(project))
    assert done.exit_code == 1
    assert "books: the token was not granted ZohoBooks.contacts.UPDATE (account: " in done.stderr


def test_a_system_that_cannot_be_asked_is_one_sentence_without_the_secret(check, monkeypatch):
    monkeypatch.setenv("OFRECORD_CLIENT_SECRET", "planted-secret")
    code, told = check()
    assert code == 1
    assert len(told["problems"]) == 1
    assert "client_secret" in told["problems"][0]
    assert "planted-secret" not in json.dumps(told)


def test_rules_with_problems_are_told_and_nobody_is_asked(project, check, sandbox):
    path = project / "rules" / "vendor.yml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("entity: vendor", "entity: vendor\nnonsense: 1", 1), encoding="utf-8"
    )
    sandbox.control("DELETE", "journal")
    code, told = check()
    assert code == 1
    assert told["live"] is None
    assert sandbox.control("GET", "journal")["entries"] == []
