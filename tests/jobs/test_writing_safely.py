"""Limits and their approval, corrections, processes that are killed or meet, and fields that nobody may touch."""

from decimal import Decimal

import pytest

from ofrecord_kit.testing import programs

TO_CRM = "tap-inventory--products own-products-inventory-to-crm target-crm"
CUSTOMERS = "tap-crm--customers own-customers-crm-to-inventory target-inventory"
SECONDS = 120


@pytest.fixture
def asked_for(company):
    """The company, where plans beyond their limits need a yes; the tests around it say it beforehand."""
    said = company.stage.environment.pop("OFRECORD_YES")
    yield company
    company.stage.environment["OFRECORD_YES"] = said


def stock(company, many):
    return [company.new_item(f"S-{number:03}", "10.00") for number in range(many)]


def raise_prices(company, items, rate):
    for item in items:
        company.people.ask("PUT", f"/inventory/v1/items/{item}", {"rate": rate})


def prices(company):
    """Code → price; a product that is there twice fails."""
    rows = company.people.crm_list("Products", "Product_Code,Unit_Price")
    found = {row["Product_Code"]: row["Unit_Price"] for row in rows}
    assert len(found) == len(rows)
    return found


def links(company):
    return sorted((one.entity, one.system, one.id) for one in company.ledger().sides())


def changed(before, after):
    """Fields whose values differ, the vendor's own notes of a change aside."""
    noted = {"Modified_Time", "Modified_By", "Last_Activity_Time", "last_modified_time", "last_modified_by"}
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} - noted


def test_a_first_run_and_a_plan_over_its_limits_wait_for_a_yes_and_each_yes_is_for_one_plan(asked_for):
    company = asked_for
    company.edit_rules("product.yml", "cadence: 15 minutes\n", "cadence: 15 minutes\nlimits: {update: 3}\n")
    items = stock(company, 6)
    assert company.run("products") == [0, 1]
    assert prices(company) == {}
    assert "this is the first run" in company.last_output
    assert "6" in company.desk("held")
    company.desk("approve", "product", "--by", "Ada")
    company.synced("products")
    assert len(prices(company)) == 6
    for rate in (12, 14):
        raise_prices(company, items, rate)
        assert company.run("products") == [0, 1]
        assert set(prices(company).values()) == {rate - 2}
        [held] = company.held()
        assert (held.kind, held.source_id) == ("limits", "*")
        company.desk("approve", "product", "--by", "Ada")
        company.synced("products")
        assert set(prices(company).values()) == {rate}
        assert company.held() == []
    raise_prices(company, items[:3], 15)
    company.synced("products")
    assert sorted(prices(company).values()) == [14, 14, 14, 15, 15, 15]
    assert company.writes_of("products") == []


@pytest.mark.promise("F112")
def test_a_held_record_is_corrected_by_hand_and_sent_once(company):
    good, bad = company.new_item("OK-1", "10.00"), company.new_item("BAD-1", "12345678901234567.00")
    assert company.run("products", errors_allowed="0") == [0, 1]
    [held] = company.held()
    assert (held.source_id, held.kind) == (bad, "refused")
    company.desk("fix", f"product/{bad}", "list price=12.50", "--by", "Ada")
    company.synced("products", run="fixed")
    assert company.held() == []
    assert prices(company) == {"OK-1": 10, "BAD-1": Decimal("12.5")}
    company.synced("products")  # the item learns the id of its product
    assert company.writes_of("products") == []
    raise_prices(company, [good, bad], 20)
    company.synced("products")
    assert prices(company) == {"OK-1": 20, "BAD-1": 20}


def mapped(company, task, folder):
    """What the mapper hands to the target, in a file."""
    tap, mapping, _target = task.split()
    executable, config = company.plugin(tap)
    told = programs.run(
        company.command(executable, config, tap), cwd=company.stage.folder, environment=company.stage.environment
    )
    command = company.command("ofrecord-mapper", dict(company.mapping(mapping)), mapping)
    said = programs.run(command, cwd=company.stage.folder, environment=company.stage.environment, said=told.stdout)
    assert (told.returncode, said.returncode) == (0, 0), told.stderr + said.stderr
    (folder / "mapped.jsonl").write_text(said.stdout)
    return folder / "mapped.jsonl"


def start_target(company, task, lines, label="target", **settings):
    """The target alone, reading a file; it is left running."""
    executable, config = company.plugin(task.split()[2])
    config.pop("__catalog", None)
    command = company.command(executable, {**config, **settings}, label)
    with lines.open("rb") as source, (company.stage.folder / "run" / f"{label}.err").open("wb") as errors:
        return programs.start(
            command,
            cwd=company.stage.folder,
            environment=company.stage.environment,
            stdin=source.fileno(),
            stderr=errors.fileno(),
        )


def kill_while_it_writes(company, lines, method, after):
    """Kill the target with SIGKILL when its second write is under way: accepted there, not yet heard of here."""
    slow = {"match": {"method": method, "path": "/crm/v8/Products"}, "nth": 2, "do": "delay", "delay_s": 30}
    company.stage.control("POST", "faults", [slow])
    target = start_target(company, TO_CRM, lines)
    while not after():
        assert target.poll() is None, "the target ended before its time"
    target.kill()
    assert target.wait(SECONDS) < 0
    company.stage.control("DELETE", "faults")


@pytest.mark.promise("F111")
@pytest.mark.parametrize("guarded", [True, False])
def test_after_a_kill_in_the_middle_of_writing_the_next_run_ends_as_an_unbroken_one(asked_for, guarded, tmp_path):
    company, many = asked_for, 130
    company.edit_rules("product.yml", "cadence: 15 minutes\n", "cadence: 15 minutes\nlimits: {create: 10}\n")
    company.new_item("FIRST", "10.00")
    company.stage.environment["OFRECORD_YES"] = "1"
    company.synced("products", "products")
    stock(company, many)
    if guarded:
        del company.stage.environment["OFRECORD_YES"]
        assert company.run("products") == [0, 1]
        company.desk("approve", "product", "--by", "Ada")
    lines = mapped(company, TO_CRM, tmp_path)
    kill_while_it_writes(company, lines, "POST", lambda: len(prices(company)) == many + 1)
    company.synced("products", "products")
    assert len(prices(company)) == many + 1
    assert company.held() == []
    assert len(links(company)) == 2 * (many + 1)
    assert company.writes_of("products") == []


def test_two_workers_that_deliver_the_same_records_at_once_make_each_of_them_once(company, tmp_path):
    names = [f"Customer {name}" for name in ("Alder", "Birch", "Cedar", "Damson", "Elm")]
    for name in names:
        company.crm_new("Accounts", Account_Name=name)
    lines = mapped(company, CUSTOMERS, tmp_path)
    slow = {"match": {"method": "PUT", "path": "/books/v3/contacts"}, "times": 0, "do": "delay", "delay_s": 0.3}
    company.stage.control("POST", "faults", [slow])
    workers = [start_target(company, CUSTOMERS, lines, label=f"worker-{n}", errors_allowed="1000") for n in range(2)]
    assert [worker.wait(SECONDS) for worker in workers] == [0, 0]
    company.stage.control("DELETE", "faults")
    company.stage.control("POST", "clock", {"move_s": 900})
    company.synced("customers", "customers")
    assert [len(company.contacts_named(name)) for name in names] == [1] * len(names)
    assert company.held() == []
    assert company.writes_of("customers") == []


@pytest.mark.promise("N20")
def test_what_no_rule_names_is_the_same_to_the_letter_after_many_runs_of_edits(company):
    odd = "  zwei  Leerzeichen, e\u0301 zerlegt, \u00fc ganz \u2013 <b>&amp;</b>\r\nZeile 2\t"
    item = company.new_item("U-1", "5.00", purchase_description=odd, purchase_rate=1.5, ean="4006381333931")
    account = company.crm_new(
        "Accounts", Account_Name="Nordlicht GmbH", Phone="+12065550101", Description=odd, Employees=12
    )
    company.synced("products", "customers", "products", "customers")
    [there] = company.contacts_named("Nordlicht GmbH")
    path = f"/inventory/v1/contacts/{there['contact_id']}"
    kept = {"contact_name": "Nordlicht GmbH", "contact_type": "customer"}
    company.people.ask("PUT", path, {**kept, "notes": odd, "twitter": "nordlicht"})
    product = company.product_of(item)["id"]
    company.people.crm_put("Products", product, Manufacturer=None, Commission_Rate=2.5)

    def everything():
        return (
            company.people.crm_get("Products", product),
            company.people.crm_get("Accounts", account),
            company.people.finance_get(f"/inventory/v1/items/{item}", "item"),
            company.contact(there["contact_id"]),
        )

    company.synced("products", "customers")
    before = everything()
    for number in range(3):
        company.stage.control("POST", "clock", {"move_s": 600})
        raise_prices(company, [item], 6 + number)
        company.people.crm_put("Accounts", account, Phone=f"+1206555018{number}")
        company.synced("products", "customers")
    moved = [changed(old, new) for old, new in zip(before, everything(), strict=True)]
    assert moved[:3] == [{"Unit_Price"}, {"Phone"}, {"rate"}]
    assert moved[3] <= {"billing_address", "phone", "contact_persons"}
    assert before[3]["notes"] == company.contact(there["contact_id"])["notes"]
    assert changed(before[3]["billing_address"], company.contact(there["contact_id"])["billing_address"]) == {"phone"}
    assert company.writes_of("products", "customers") == []
