"""Which names are alike, why, and which only look it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ofrecord_kit.likeness import Names, alike, clusters
from ofrecord_kit.likeness.places import Place, same_address, same_place
from ofrecord_kit.likeness.products import same_product
from ofrecord_kit.testing import labelled

DATA = Path(__file__).parents[3] / "shared/data/entity-resolution"
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="the labelled sets are not at ../shared/data/entity-resolution"
)


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("Acme Corp", "Acme Corporation Ltd.", "same but for the legal form"),
        ("* ACME N. V.", "Acme B.V", "same but for the legal form"),
        ("Acme Naamloze Vennootschap", "N.V. Acme", "same but for the legal form"),
        ("ACME TOOLS GMBH", "Acme-Tools GmbH", "the same name"),
        ("Müller Söhne KG", "Muller Sohne KG", "the same name"),
        ("Acme Tools B.V., Utrecht", "Acme Tools B.V.", "same but for the place behind it"),
        ("D.S.M. Assets", "DSM Assets", "the same name"),
        ("Saralee", "Sara Lee", "same but for blanks"),
        ("Robert Bosch GmbH", "Bosch Robert GmbH", "the same words in another order"),
        ("Northwind Traders", "Northwnid Traders", "one letter differs"),
        ("Contoso Technologies", "Contoso Tech", "a word is shortened or written another way"),
        ("International Copper Works", "ICW Ltd", "one is the initials of the other"),
        ("Smith Brothers", "Smith Brothers Plumbing", "the same but for one word more"),
    ],
)
def test_names_that_may_be_one_company_are_near_and_say_why(one: str, other: str, why: str) -> None:
    for found in (alike(one, other), alike(other, one)):
        assert (found.is_near, found.why) == (True, why)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Northern Foods", "Southern Foods"), ("Store 12 Ltd", "Store 13 Ltd"), ("Meyer", "Mayer"), ("Acme", "Acme Holdings Europe"),
        ("Ltd", "Inc"), ("Fabrikam", "Contoso"), ("", "Acme"), ("Fabrikam Inc., West", "Fabrikam Inc., East"),
        ("Functional Store North", "Functional Store South"),
    ],
)  # fmt: skip
def test_names_of_two_companies_are_not_near(one: str, other: str) -> None:
    assert not alike(one, other).is_near


def test_a_name_is_asked_of_many_and_the_best_comes_first() -> None:
    names = Names([("1", "Fabrikam"), ("2", "Contoso Ltd"), ("3", "Contosso"), ("4", "Kontor")])
    assert [(one.id, one.why) for one in names.near("Contoso")] == [
        ("2", "same but for the legal form"), ("3", "one letter differs"),
    ]  # fmt: skip


def test_a_word_in_front_of_what_many_are_called_makes_another_company_of_it() -> None:
    shops = {"1": "The Cycle Store", "2": "Best Cycle Store", "3": "Family Cycle Store", "4": "Grand Cycle Store"}
    few = Names([*shops.items()][:3])
    assert {one.id for one in few.near("Cycle Store")} == {"1", "2", "3"}
    many = Names([*shops.items(), ("5", "Expert Cycle Store"), ("6", "Grnad Cycle Store")])
    assert [one.id for one in many.near("Cycle Store")] == ["1"]
    assert [(one, other) for one, other, _likeness in many.pairs()] == [("4", "6")]


def test_pairs_are_found_once_and_hang_together_in_clusters() -> None:
    names = Names([("1", "Contoso"), ("2", "Contoso Ltd"), ("3", "Contosso"), ("4", "Fabrikam")])
    pairs = [(one, other) for one, other, _likeness in names.pairs()]
    assert len(pairs) == len({frozenset(pair) for pair in pairs}) == 3
    assert clusters(pairs) == [["1", "2", "3"]]


def test_a_common_word_does_not_make_all_be_compared_and_no_neighbour_is_lost() -> None:
    names = Names((str(n), f"{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}rkam International") for n in range(600))
    assert [one.id for one in names.near("barkam International GmbH", most=1)] == ["1"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1 N Ogden Ave", "1 North Ogden", True), ("1 N Ogden Ave", "1 S Ogden Ave", False),
        ("1 N Ogden Ave", "2 N Ogden Ave", False), ("Ogden Ave", "Ogden Ave", False), ("5 Elm Street", "5 Elm St.", True),
    ],
)  # fmt: skip
def test_an_address_is_the_same_whatever_the_street_is_called(one: str, other: str, same: bool) -> None:
    assert same_address(one, other) is same


def test_the_same_name_at_another_address_is_another_place_and_a_telephone_counts_at_one_address() -> None:
    here = Place("Salvation Army", "1 N Ogden Ave", "(312) 226-2649")
    assert not same_place(here, Place("Salvation Army", "9 E Lake St", "2262649")).is_near
    assert same_place(here, Place("Temple Corps", "1 N. Ogden", "2262649")).why == "same address, same telephone"
    assert not same_place(here, Place("Temple Corps", "1 N. Ogden", "1111111")).is_near


def test_products_are_known_by_their_code_and_a_near_miss_is_refused() -> None:
    assert same_product("Surge Protector - F5C400-300W", "Belkin F5C400300W").score == 100
    assert not same_product("Surge Protector - F5C400-300W", "Surge Protector - F5C500-300W").is_near
    assert same_product("Big Blue Bolt", "Big blue bolt").is_near


@needs_data
@pytest.mark.parametrize(
    ("measure", "what", "precision", "recall"),
    [
        (labelled.company_names, "company names", 0.999, 0.68),
        (labelled.company_names, "company names, clusters kept back", 0.999, 0.94),
        (labelled.childcare_sites, "same name and same address", 0.985, 0.90),
        (labelled.products, "products", 0.91, 0.79),
    ],
)
def test_precision_and_recall_on_labelled_data_do_not_fall(measure, what, precision, recall) -> None:  # type: ignore[no-untyped-def]
    [ours] = [one for one in measure(DATA) if one.what == what and one.way == "ofrecord"]
    assert (ours.precision >= precision, ours.recall >= recall) == (True, True), ours
