"""What changes a little of a destination passes everything else on."""

from __future__ import annotations

import inspect

from ofrecord_kit.target import Destination
from ofrecord_kit.target.through import Through
from ofrecord_kit.testing.shop import Shop


def test_everything_that_a_destination_can_do_or_says_of_itself_is_passed_on() -> None:
    public = {name for name in vars(Destination) if not name.startswith("_")}
    said = {
        name
        for name in public
        if not callable(value := inspect.getattr_static(Destination, name)) and not isinstance(value, property)
    }
    assert public - said - vars(Through).keys() == set()
    shop, other = (
        Shop(),
        {"batch_size": 7, "rows_gathered": 8, "discriminators": ("kind",), "facts_are_whole": True, "line_id": "row"},
    )
    assert other.keys() == said
    for name, value in other.items():
        setattr(shop, name, value)
    assert {name: getattr(Through(shop), name) for name in said} == other
