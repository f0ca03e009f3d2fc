"""Countries, however they are written."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ofrecord_kit.plan import canonical
from ofrecord_kit.plan.countries import _ALSO, _tables, code_of, named

CODES = sorted(_tables()[1])


@pytest.mark.parametrize("form", ["name", "alpha-2", "alpha-3"])
def test_every_country_is_known_by_each_of_its_forms_in_any_case(form: str) -> None:
    for code in CODES:
        written = named(code, form)
        assert {code_of(written), code_of(written.lower()), code_of(f" {written.upper()} ")} == {code}


def test_no_two_countries_share_a_form_and_no_alias_means_another_country() -> None:
    for form in ("name", "alpha-2", "alpha-3"):
        assert len({named(code, form) for code in CODES}) == len(CODES)
    for code, aliases in _ALSO.items():
        assert {code_of(alias) for alias in aliases} == {code}


def test_names_are_those_people_use() -> None:
    codes = ("KR", "KP", "CD", "CG", "IR", "TW", "VI", "VA", "RU", "XK")
    assert [named(code) for code in codes] == [
        "South Korea", "North Korea", "Democratic Republic of the Congo", "Republic of the Congo", "Iran", "Taiwan",
        "U.S. Virgin Islands", "Vatican City", "Russia", "Kosovo",
    ]  # fmt: skip


@pytest.mark.parametrize("written", ["Korea", "America", "Virgin Islands", "Europe", "XX", "ZZZ", "EU", "", " ", "?"])
def test_what_is_no_country_or_could_be_several_is_none(written: str) -> None:
    assert code_of(written) is None


@pytest.mark.parametrize("value", [None, 7, True, ["DE"], {"name": "Germany"}])
def test_what_is_not_text_is_no_country(value: object) -> None:
    assert code_of(value) is None


def test_the_tables_of_countries_are_read_with_the_first_country() -> None:
    program = (
        "import sys; from ofrecord_kit.plan import canonical; canonical('a', 'text'); "
        "assert 'pycountry' not in sys.modules; assert canonical('DEU', 'country') == 'DE'; "
        "assert 'pycountry' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_country_nobody_knows_is_compared_as_text() -> None:
    assert canonical("Nowhere ", "country") == canonical("Nowhere", "country")
