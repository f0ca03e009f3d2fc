"""Files of promises that are wrong are told all at once, with the line and what to do."""

from pathlib import Path

import pytest

from ofrecord_transforms.load import load
from ofrecord_transforms.problems import RulesError
from ofrecord_transforms.promises_read import load_promises, the_promise

ROOT = Path(__file__).parents[2]
GOOD = (ROOT / "rules" / "promises" / "quotes.yml").read_text(encoding="utf-8")
MISTAKES = {
    "an unknown key": ("again: 1 day", "agian: 1 day", '"agian" is not a key here. Did you mean "again"?'),
    "a key that is missing": ("promise: quotes", "why: because", '"promise" is missing: name of the promise, in words. Add it.'),
    "a duration that is none": ("again: 1 day", "again: soon", 'again "soon" is not a duration.'),
    "an entity there is not": ("[product, composite product]", "[produkt]", '"produkt" is not an entity. Did you mean "product"?'),
    "a field no entity has": ("available: Can be promised", "available: Stock", '"Stock" is not a field of product. Use'),
    "a field in one system": ("price: List price", "price: Composite", '"Composite" is not a field of product.'),
    "a price without currency": ("  unit: USD\n", "", "price needs either unit (one currency for all) or currency"),
    "a currency that is none": ("unit: USD", "unit: UDS", 'unit "UDS" is no currency. Write its code, as in USD.'),
    "a threshold in none": ("{USD: 10000}", "{Dollar: 10000}", '"Dollar" is no currency.'),
    "a negative threshold": ("units: 50", "units: -1", "needs a number that is not negative, as in 50."),
    "a condition no query says": ("Order_Status: absent", "Order_Status: {at least: 1}", "use a list of values, not, present, absent, from or before here"),
    "no open documents": ("  open: {Quote_Stage: [Draft, Negotiation, Delivered, On Hold]}\n", "", '"open" is missing'),
    "claims that are no list": ("  claimed:\n", "  claimed: absent\n  told:\n", "expected a list; each item begins with a field."),
    "a field the CRM lacks": ("status: Stock_Status", "status: Stok_Status", 'has no field Quoted_Items.Stok_Status. Did you mean "Quoted_Items.Stock_Status"?'),
    "a field written twice": ("reserved: Stock_Reserved", "reserved: Stock_Available", "Stock_Available is named twice."),
    "a field that an entity owns": ("review: Stock_Review", "review: Order_Status", 'Order_Status belongs to "Order status" of order'),
    "a line field that one owns": ("lead time: Lead_Time_Days", "lead time: Quantity", 'Quoted_Items.Quantity belongs to "Lines" of order'),
    "a saying there is not": ("  before: Stock_Before", "  behind: Stock_Before", '"behind" is not a key here.'),
    "no mapping at all": (GOOD, "- a list\n", "expected `key: value` lines here."),
}  # fmt: skip


@pytest.fixture(scope="module")
def rules():
    return load(ROOT / "rules")


def folder(tmp_path, text):
    (tmp_path / "rules" / "promises").mkdir(parents=True)
    (tmp_path / "rules" / "promises" / "quotes.yml").write_text(text, encoding="utf-8")
    return tmp_path / "rules"


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_file_and_line(rules, tmp_path, mistake):
    old, new, words = MISTAKES[mistake]
    assert old in GOOD
    with pytest.raises(RulesError) as raised:
        load_promises(rules, folder(tmp_path, GOOD.replace(old, new, 1)))
    told = "\n".join(raised.value.problems)
    assert words in told
    assert all(line.startswith("rules/promises/quotes.yml:") for line in raised.value.problems)


def test_the_shipped_promise_is_read_whole(rules):
    [found] = load_promises(rules, ROOT / "rules")
    assert (found.promise, found.again, found.units, dict(found.money)) == ("quotes", 86_400, 50, {"USD": 10_000})
    assert len(found.documents.claimed) == 2
    assert set(found.fields(rules, "can be promised")) == {"product", "composite product"}


def test_without_a_file_a_run_says_what_is_missing(rules, tmp_path):
    assert load_promises(rules, tmp_path) == []
    with pytest.raises(RulesError, match="holds 0 promises, and one is carried out"):
        the_promise(rules, tmp_path)
