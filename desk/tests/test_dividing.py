"""Stock is given away once, whoever wants it, in whatever order."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ofrecord.promises.dividing import Wish, divided

AMOUNTS = st.integers(0, 12).map(Decimal)
SHARES = st.dictionaries(st.sampled_from("abc"), st.integers(1, 3).map(Decimal), min_size=1)
WISHES = st.lists(st.tuples(st.sampled_from(["Q-1", "Q-2", "Q-3"]), AMOUNTS, SHARES), max_size=8)
STOCK = st.dictionaries(st.sampled_from("abc"), st.integers(-5, 15).map(Decimal))


def wish(line, of, quantity, **parts):
    return Wish(line, of, Decimal(quantity), {part: Decimal(times) for part, times in parts.items()})


@given(WISHES, STOCK)
def test_no_more_is_given_than_there_is_and_nobody_gets_more_than_wanted(asked, stock):
    wishes = [Wish(str(number), of, quantity, parts) for number, (of, quantity, parts) in enumerate(asked)]
    shares = divided(wishes, stock)
    for part in "abc":
        given_away = sum(shares[one.line].given * one.parts.get(part, 0) for one in wishes)
        assert given_away <= max(stock.get(part, Decimal(0)), Decimal(0))
    assert all(0 <= shares[one.line].given <= one.quantity for one in wishes)


@given(WISHES, STOCK, st.integers(1, 5).map(Decimal))
def test_who_is_served_first_is_not_harmed_by_those_behind(asked, stock, more):
    wishes = [Wish(str(number), of, quantity, parts) for number, (of, quantity, parts) in enumerate(asked)]
    alone = divided(wishes, stock)
    behind = [*wishes, Wish("last", "Q-9", more, {"a": Decimal(1)})]
    assert {one: share for one, share in divided(behind, stock).items() if one != "last"} == alone


def test_a_kit_is_put_together_whole_unless_all_that_is_wanted_can_be_had():
    stock = {"a": Decimal(5), "b": Decimal(9)}
    assert divided([wish("1", "Q-1", "3", a=2, b=1)], stock)["1"].given == 2
    assert divided([wish("1", "Q-1", "2.5", a=2, b=1)], stock)["1"].given == Decimal("2.5")


def test_a_document_that_shares_several_components_is_named_once_and_ones_own_lines_are_not():
    wishes = [wish("1", "Q-1", 2, a=1, b=1), wish("2", "Q-2", 1, a=1), wish("3", "Q-2", 3, a=1, b=1)]
    shares = divided(wishes, {"a": Decimal(3), "b": Decimal(3)})
    assert (shares["3"].given, shares["3"].before) == (0, {"Q-1": 2})
