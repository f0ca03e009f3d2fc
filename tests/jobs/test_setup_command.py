"""`ofrecord setup` on a real organisation of the sandbox: what the rules use and the systems lack."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

BEFORE = "  - what: Name\n"
MORE = """\
  - what: Best before
    owner: inventory
    format: date
    inventory: cf_best_before
    crm: Best_Before

"""


def ask(stage: Any, *words: str, said: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "ofrecord"), "setup", *words]
    environment = {**os.environ, **stage.environment}
    return subprocess.run(
        command, cwd=stage.folder, env=environment, capture_output=True, text=True, input=said, check=False
    )


def field(company: Any, name: str) -> dict[str, Any] | None:
    fields = company.people.ask("GET", "/crm/v8/settings/fields?module=Products", None)["fields"]
    return next((one for one in fields if one["api_name"] == name), None)


def test_a_field_the_crm_lacks_is_shown_made_after_a_yes_and_one_of_the_finance_side_is_explained(company: Any) -> None:
    assert ask(company.stage).returncode == 0
    company.edit_rules("product.yml", BEFORE, MORE + BEFORE)
    shown = ask(company.stage, "--show")
    assert shown.returncode == 1, shown.stderr
    assert shown.stderr.splitlines()[-1].endswith("fields are used, 2 are missing.")
    assert [line.split("\t")[:6] for line in shown.stdout.splitlines()] == [
        ["missing", "crm", "Products", "Best_Before", "date", "no"],
        ["missing", "inventory", "items", "cf_best_before", "date", "no"],
    ]
    assert field(company, "Best_Before") is None
    assert ask(company.stage, said="n\n").returncode == 1
    assert field(company, "Best_Before") is None
    made = ask(company.stage, "--yes")
    assert "1 fields were made" in made.stderr
    assert "its API name must be cf_best_before" in made.stderr
    found = field(company, "Best_Before")
    assert found is not None
    assert found["data_type"] == "date"


def test_a_field_whose_name_the_vendor_does_not_give_again_is_not_made_twice(company: Any) -> None:
    old = field(company, "EAN")
    assert old is not None
    company.people.ask("DELETE", f"/crm/v8/settings/fields/{old['id']}?module=Products", None)
    for _time in range(2):
        answer = ask(company.stage, "--yes")
        assert answer.returncode == 1
        assert 'the field "EAN" has the API name EAN1, the rules say EAN' in answer.stderr
    assert field(company, "EAN2") is None


def test_no_token_and_no_body_is_told_when_a_system_cannot_be_asked(company: Any) -> None:
    company.stage.environment["OFRECORD_CLIENT_SECRET"] = "planted-secret-of-a-test"
    try:
        answer = ask(company.stage)
    finally:
        company.stage.environment["OFRECORD_CLIENT_SECRET"] = "sandbox-secret"
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    assert "planted-secret" not in answer.stderr + answer.stdout


def test_a_field_that_only_a_promise_names_is_found_at_the_lines_and_made(company: Any) -> None:
    promise = company.stage.folder / "rules" / "promises" / "quotes.yml"
    text = promise.read_text().replace("before: Stock_Before", "before: Served_Before")
    promise.write_text(text.replace("lead time: cf_lead_time_days", "lead time: cf_days", 1))
    shown = ask(company.stage, "--show")
    assert shown.returncode == 1, shown.stderr
    assert [line.split("\t")[:6] for line in shown.stdout.splitlines()] == [
        ["missing", "crm", "Quoted_Items", "Served_Before", "text", "no"],
        ["missing", "inventory", "items", "cf_days", "text", "no"],
    ]
    assert "1 fields were made" in ask(company.stage, "--yes").stderr
    fields = company.people.ask("GET", "/crm/v8/settings/fields?module=Quoted_Items", None)["fields"]
    assert "Served_Before" in [one["api_name"] for one in fields]
