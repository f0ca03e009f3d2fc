"""Won deals that no quote and no order bill: one invoice each, contracts recognised month by month, all of it shown on the deal."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from jobs.flows.sandbox_here import Here, here
from simulation.plugins import tasks_of

from ofrecord.delays import measured

HTTP_OK, TARGET = 200, 2
NEW_YEAR = datetime(2026, 1, 1, 12, tzinfo=UTC)
WON: dict[str, dict[str, Any]] = {
    "advice": {"Amount": 4800, "Payment_Terms_Days": 10},
    "training": {"Amount": 0.05},
    "licence": {"Amount": 120_000, "Sold_As": "Contract", "Contract_Start": "2026-01-01", "Contract_Months": 12},
    "support": {"Amount": 100, "Sold_As": "Contract", "Contract_Start": "2026-01-31", "Contract_Months": 3},
    "nothing": {"Amount": 0},
    "unpriced": {},
    "nobody's": {"Amount": 10, "Account_Name": None},
    "ordered": {"Amount": 10, "Order_Number": "SO-1"},
    "in euros": {"Amount": 10, "Currency_Code": "EUR"},
    "in yen": {
        "Amount": 100,
        "Currency_Code": "JPY",
        "Sold_As": "Contract",
        "Contract_Start": "2026-01-01",
        "Contract_Months": 3,
    },
    "without terms": {"Amount": 10, "Sold_As": "Contract", "Contract_Start": "2026-01-01"},
    "goods": {"Amount": 10, "Sold_As": "Goods"},
    "open": {"Amount": 10, "Stage": "Qualification"},
}
"""Deals by name."""


@dataclass
class Story:
    """A company and what people saw of it on the way."""

    company: Here
    client: str = ""
    deals: dict[str, str] = field(default_factory=dict)
    won: dict[str, datetime] = field(default_factory=dict)

    def win(self, name: str, **values: Any) -> None:
        """A deal of services with the client, won now."""
        usual = {
            "Stage": "Closed Won",
            "Account_Name": {"id": self.client},
            "Sold_As": "Services",
            "Currency_Code": "USD",
        }
        given = {"Deal_Name": name, **usual, **values}
        (self.deals[name],) = self.company.doors.crm(
            "Deals", [{key: one for key, one in given.items() if one is not None}]
        )
        self.won[name] = self.company.inside.vendors.clock.now()

    def finance(self) -> None:
        """What accounting has comes to the CRM."""
        ended = self.company.inside.host.task(tasks_of("finance")[0])
        assert [one.code for one in ended] == [0, 0, 0], [one.error for one in ended]

    def go_to(self, at: datetime) -> None:
        """Time passes, for the vendors and for us."""
        self.company.inside.clock.move((at - self.company.inside.vendors.clock.now()).total_seconds())

    def deal(self, name: str) -> dict[str, Any]:
        return self.company.crm_get("Deals", self.deals[name])

    def change(self, name: str, **values: Any) -> None:
        """Somebody edits a deal."""
        body = {"data": [{"id": self.deals[name], **values}]}
        assert self.company.inside.vendors.call("PUT", "/crm/v8/Deals", body).status == HTTP_OK

    def whole(self, path: str, key: str) -> dict[str, Any]:
        found: dict[str, Any] = self.company._get(path)[key]
        return found

    def invoices(self) -> dict[str, dict[str, Any]]:
        """By the deal they name."""
        names = {key: name for name, key in self.deals.items()}
        rows = self.company.finance_list("/books/v3/invoices", "invoices")
        whole = [self.whole(f"/books/v3/invoices/{row['invoice_id']}", "invoice") for row in rows]
        assert len({row["reference_number"] for row in whole}) == len(whole)
        return {names[row["reference_number"]]: row for row in whole}

    def journals(self, name: str) -> list[dict[str, Any]]:
        """Of a deal, by day."""
        rows = self.company.finance_list("/books/v3/journals", "journals")
        mine = [row for row in rows if row["reference_number"].startswith(f"{self.deals[name]}/")]
        whole = [self.whole(f"/books/v3/journals/{row['journal_id']}", "journal") for row in mine]
        return sorted(whole, key=lambda one: one["journal_date"])

    def amounts(self, name: str) -> list[Decimal]:
        return [Decimal(str(one["total"])) for one in self.journals(name)]

    def account(self, name: str) -> str:
        """The account on which an invoice's line is booked."""
        rows = self.company.finance_list("/books/v3/chartofaccounts", "chartofaccounts")
        [line] = self.invoices()[name]["line_items"]
        return str(next(row["account_name"] for row in rows if row["account_id"] == line["account_id"]))

    def recognised(self) -> tuple[Any, Any]:
        """What the deals of the two contracts show."""
        return self.deal("licence")["Recognised_Revenue"], self.deal("support")["Recognised_Revenue"]

    def held(self) -> dict[tuple[str, str], str]:
        """What somebody must look at, by entity and deal: its kind and words."""
        names = {key: name for name, key in self.deals.items()}
        found = {}
        for one in self.company.held():
            deal, slash, period = one.source_id.partition("/")
            found[one.entity, names.get(deal, deal) + slash + period] = f"{one.kind}: {one.message}"
        return found

    def early(self) -> int:
        """How many parts wait for their day."""
        ledger = self.company.inside.ledger()
        waiting = ledger.held(entity="recognised revenue", state="waiting")
        ledger.close()
        assert {(one.kind, one.message) for one in waiting} == {("early", "its day has not come yet")}
        return len(waiting)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    """The first days of a year: deals are won, the job runs once, accounting is read."""
    with here(NEW_YEAR) as company:
        made = Story(company)
        company.doors.currency("JPY", "¥", 0)
        (made.client,) = company.doors.crm("Accounts", [{"Account_Name": "Client AG"}])
        for name, values in WON.items():
            made.win(name, **values)
            company.inside.clock.move(20)
        company.run("services")
        made.finance()
        yield made


@pytest.mark.promise("F066")
def test_a_won_deal_of_services_is_one_invoice_to_the_right_customer_over_the_right_amount(story: Story) -> None:
    billed = story.invoices()
    sent = {name: one["total"] for name, one in billed.items() if one["status"] == "sent"}
    assert sent == {
        "advice": 4800,
        "training": Decimal("0.05"),
        "licence": 120_000,
        "support": 100,
        "without terms": 10,
    }
    advice, training = billed["advice"], billed["training"]
    assert (advice["customer_name"], advice["currency_code"]) == ("Client AG", "USD")
    assert (advice["payment_terms"], training["payment_terms"]) == (10, 0), (
        "those of the deal, else those of the customer"
    )
    assert advice["custom_field_hash"]["cf_crm_id"] == story.deals["advice"]
    [line] = advice["line_items"]
    assert (line["name"], line["quantity"], line["rate"]) == ("advice", 1, 4800)
    assert [story.account(name) for name in ("advice", "licence")] == ["Sales", "Unearned Revenue"]


def test_the_invoice_is_there_after_one_run_of_the_job_within_minutes_of_the_winning(story: Story) -> None:
    billed = story.invoices()
    delays = sorted(
        (moment(billed[name]["created_time"]) - won).total_seconds()
        for name, won in story.won.items()
        if name in billed
    )
    assert len(delays) == 7
    assert max(delays) < 5 * 60, f"of 7 the slowest is the 95th percentile: {delays}"


@pytest.mark.promise("F044")
def test_the_ledger_tells_how_long_it_took_from_the_winning_to_the_invoice_as_percentiles(story: Story) -> None:
    billed = story.invoices()
    sent = [name for name, one in billed.items() if one["status"] == "sent"]
    seen = sorted((moment(billed[name]["created_time"]) - story.won[name]).total_seconds() for name in sent)
    ledger = story.company.inside.ledger()
    [told] = measured(ledger.events(kinds=("decided",), entity="service invoice"))
    ledger.close()
    assert (told.system, told.documents, told.within_5_min_percent) == ("inventory", len(sent), 100)
    for said, found in ((told.median_s, seen[len(seen) // 2]), (told.p95_s, seen[-1]), (told.longest_s, seen[-1])):
        assert said == pytest.approx(found, abs=3), "by our clock and by the vendor's"


def test_number_and_date_of_the_invoice_stand_on_the_deal(story: Story) -> None:
    for name in ("advice", "licence"):
        deal, invoice = story.deal(name), story.invoices()[name]
        assert (deal["Invoice_Number"], deal["Invoice_Date"]) == (invoice["invoice_number"], invoice["date"])
        assert deal["Invoiced_Amount"] == invoice["total"]


@pytest.mark.promise("F075")
def test_forbidden_documents_are_held_under_the_name_of_the_rule_and_nothing_of_them_is_sent(story: Story) -> None:
    held = story.held()
    assert {deal: words for (entity, deal), words in held.items() if entity == "service invoice"} == {
        "nothing": "stopped: Invoice over nothing",
        "unpriced": "stopped: Invoice without an amount",
        "nobody's": "stopped: Invoice to nobody",
        "ordered": "stopped: Invoice for what was ordered",
        "in euros": "check: Currency: EUR at crm, USD at inventory; left as it is",
        "in yen": "check: Currency: JPY at crm, USD at inventory; left as it is",
    }
    assert held["revenue", "without terms"] == "stopped: Contract without terms"
    assert not story.invoices().keys() & {"nothing", "unpriced", "nobody's", "ordered", "goods", "open"}
    assert story.invoices()["in euros"]["status"] == "draft", "its total agrees, its currency does not"


@pytest.mark.promise("F067")
def test_120000_over_twelve_months_are_twelve_published_journals_that_add_up(story: Story) -> None:
    made = story.journals("licence")
    assert [one["total"] for one in made] == [10_000] * 12
    assert [one["journal_date"] for one in made][:3] == ["2026-01-31", "2026-02-28", "2026-03-31"]
    assert {one["status"] for one in made} == {"published"}
    assert [one["reference_number"] for one in made] == [f"{story.deals['licence']}/{n}" for n in range(1, 13)]
    for one in made:
        sides = {line["account_name"]: (line["debit_or_credit"], line["amount"]) for line in one["line_items"]}
        assert sides == {"Unearned Revenue": ("debit", 10_000), "Sales": ("credit", 10_000)}
    assert [(one["journal_date"], one["total"]) for one in story.journals("support")] == [
        ("2026-02-27", Decimal("33.33")), ("2026-03-30", Decimal("33.34")), ("2026-04-29", Decimal("33.33")),
    ]  # fmt: skip
    assert [(one["currency_code"], one["total"]) for one in story.journals("in yen")] == [
        ("JPY", 33),
        ("JPY", 34),
        ("JPY", 33),
    ]
    assert story.journals("advice") == story.journals("without terms") == []


def test_another_run_writes_nothing(story: Story) -> None:
    assert story.company.writes("services") == []


@pytest.mark.promise("F070")
def test_revenue_counts_on_the_deal_from_its_day_on_by_the_clock_of_accounting(story: Story) -> None:
    assert story.recognised() == (None, None)
    story.go_to(datetime(2026, 1, 31, 7, 30, tzinfo=UTC))  # in Berlin it is the 31st, where accounting sits not yet
    story.finance()
    assert story.recognised() == (None, None)
    story.go_to(datetime(2026, 1, 31, 8, 30, tzinfo=UTC))
    story.finance()
    assert story.recognised() == (10_000, None)
    story.go_to(datetime(2026, 3, 1, 12, tzinfo=UTC))
    story.finance()
    assert story.recognised() == (20_000, Decimal("33.33"))
    assert story.early() == 10 + 2 + 1, "each of the others waits for its day"


def test_of_a_changed_contract_months_to_come_follow_and_those_recognised_are_a_listed_difference(story: Story) -> None:
    story.change("licence", Amount=132_000)
    story.company.run("services")
    assert story.amounts("licence") == [10_000] * 2 + [11_000] * 10
    held = {deal: words for (_entity, deal), words in story.held().items() if deal.startswith("licence")}
    assert held.keys() == {"licence", "licence/1", "licence/2"}
    assert held["licence"].startswith("check: changed at crm after the document was made: line"), "the invoice was sent"
    assert held["licence/2"] == (
        "settled: settled since 2026-02-28 in inventory, so nothing is changed there; entry would be another"
    )
    story.change("licence", Contract_Months=6)
    story.company.run("services")
    assert story.amounts("licence") == [10_000] * 2 + [22_000] * 4
    story.change("licence", Contract_Months=12, Amount=120_000)
    story.company.run("services")
    assert story.amounts("licence") == [10_000] * 12, "months that had gone are there again"
    assert [deal for _entity, deal in story.held() if deal.startswith("licence")] == []
    assert story.company.writes("services") == []
    story.finance()
    assert story.recognised() == (20_000, Decimal("33.33"))


def test_killed_at_any_step_and_run_again_a_deal_has_one_invoice_and_each_month_one_journal(story: Story) -> None:
    """As the other tests left the world; the target of invoices, then that of journals."""
    host, kills = story.company.inside.host, 0
    for task in tasks_of("services"):
        for step in range(1, 100):
            name = f"killed {step} in {task}"
            story.win(name, Amount=11, Sold_As="Contract", Contract_Start="2026-03-01", Contract_Months=1)
            died = host.task(task, lambda at, step=step: step if at == TARGET else 0)[TARGET].code != 0
            again = host.task(task)
            assert [one.code for one in again] == [0, 0, 0], [one.error for one in again]
            kills += died
            if not died:
                break
    story.company.run("services")
    assert kills > 20
    names = [name for name in story.deals if name.startswith("killed")]
    billed = story.invoices()
    assert {(billed[name]["status"], billed[name]["total"]) for name in names} == {("sent", 11)}
    assert {name: story.amounts(name) for name in names} == {name: [11] for name in names}
