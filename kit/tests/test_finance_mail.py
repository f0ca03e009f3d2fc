"""Whom a vendor's comment says a mail went to."""

from __future__ import annotations

import pytest

from ofrecord_kit.target.finance_mail import names_address


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Sales Order emailed to a@x.nl", True),
        ("Sales Order emailed to A@X.nl.", True),
        ("emailed to b@x.nl, a@x.nl and c@x.nl", True),
        ("emailed to <a@x.nl>", True),
        ("emailed to ba@x.nl", False),
        ("emailed to b.a@x.nl", False),
        ("emailed to a@x.nl.example.org", False),
        ("emailed to a@x.nlx", False),
    ],
)
def test_an_address_that_is_part_of_another_was_not_written_to(words: str, found: bool) -> None:
    assert names_address(words, "a@x.nl") is found
