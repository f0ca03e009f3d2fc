"""`ofrecord setup` on an organisation that lacks the module of the documents: it is shown, made after a yes, or told."""

from __future__ import annotations

from typing import Any

from ofrecord_kit.testing import programs

MODULE = "Finance_Documents"


def ask(company: Any, *words: str) -> Any:
    return programs.run(["ofrecord", "setup", *words], cwd=company.stage.folder, environment=company.stage.environment)


def fields(company: Any) -> dict[str, dict[str, Any]]:
    rows = company.people.ask("GET", f"/crm/v8/settings/fields?module={MODULE}", None)["fields"]
    return {row["api_name"]: row for row in rows}


def modules(company: Any) -> set[str]:
    return {one["api_name"] for one in company.people.ask("GET", "/crm/v8/settings/modules")["modules"]}


def test_a_module_the_crm_lacks_is_shown_made_after_a_yes_with_its_fields_and_takes_documents(company: Any) -> None:
    before = fields(company)
    company.stage.control("DELETE", "crm/modules", {"module": MODULE})
    shown = ask(company, "--show")
    assert shown.returncode == 1, shown.stderr
    rows = [line.split("\t") for line in shown.stdout.splitlines()]
    assert rows[0][:5] == ["missing", "crm", MODULE, "", "module"]
    assert {row[3] for row in rows if row[2] == MODULE} == {
        "",
        *(name for name, one in before.items() if one["custom_field"]),
    }
    assert f"fields are used, 1 module and {len(rows) - 1} fields are missing." in shown.stderr
    assert MODULE not in modules(company)
    made = ask(company, "--yes")
    assert made.returncode == 0, made.stderr
    assert "1 module and " in made.stderr
    after = fields(company)
    assert {name: one["data_type"] for name, one in after.items()} == {
        name: one["data_type"] for name, one in before.items()
    }
    for name in ("Account", "Vendor", "Deal", "Invoice"):
        assert after[name]["lookup"]["module"]["api_name"] == before[name]["lookup"]["module"]["api_name"]
    customer = company.crm_new("Accounts", Account_Name="Buyer AG")
    company.synced("customers")
    [contact] = company.contacts_named("Buyer AG")
    company.finance_new(
        "/books/v3/invoices", "invoice", customer_id=contact["contact_id"], line_items=[{"name": "Work", "rate": 5, "quantity": 1}]
    )  # fmt: skip
    company.synced("finance")
    page = company.people.ask("GET", f"/crm/v8/Accounts/{customer}/{MODULE}", fields="Name,Kind")
    assert [row["Kind"] for row in page["data"]] == ["Invoice"]


def test_where_the_crm_does_not_make_it_the_steps_are_told(company: Any) -> None:
    company.stage.control("DELETE", "crm/modules", {"module": MODULE})
    refusal = {
        "status": 400,
        "body": {"code": "NOT_ALLOWED", "details": {}, "message": "not in this edition", "status": "error"},
    }
    company.stage.control(
        "POST",
        "faults",
        [{"match": {"method": "POST", "path": "/crm/v8/settings/modules"}, "times": 0, "do": "status", **refusal}],
    )
    told = ask(company, "--yes")
    company.stage.control("DELETE", "faults")
    assert told.returncode == 1
    assert f"The CRM refused to make the module {MODULE}: NOT_ALLOWED not in this edition" in told.stderr
    assert 'singular "Finance Document", plural "Finance Documents"' in told.stderr
    assert MODULE not in modules(company)
