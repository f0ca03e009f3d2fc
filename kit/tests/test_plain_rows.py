"""Rows of a plain stream: none is lost, whatever its key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ofrecord_kit.target import Done, Refused, Result
from ofrecord_kit.target.plain import upsert_stream
from ofrecord_kit.testing.shop import Shop


class Strict(Shop):
    """A shop that refuses rows without a key."""

    def upsert(self, stream: str, keys: Sequence[str], records: Sequence[Mapping[str, Any]]) -> list[Result]:
        return [Done(self.put(stream, **row)) if row.get(keys[0]) else Refused("NO_KEY", "no key") for row in records]


def test_rows_of_one_key_become_one_and_the_last_value_wins() -> None:
    shop = Strict()
    told = upsert_stream(shop, "Things", ["id"], [{"id": "1", "a": 1, "b": 2}, {"id": "1", "a": 3}], dry=False)
    assert list(shop.objects["Things"].values()) == [{"id": "1", "a": 3, "b": 2}]
    assert told.counts == {"unchanged": 1, "written": 1}


@pytest.mark.parametrize("empty", [None, ""])
def test_rows_without_a_key_are_each_held_under_a_name_of_their_own(empty: str | None) -> None:
    rows = [{"id": empty, "a": 1}, {"id": empty, "a": 2}, {"a": 3}]
    told = upsert_stream(Strict(), "Things", ["id"], rows, dry=False)
    assert told.counts == {"unchanged": 0, "held": 3}
    names = [name for name, *_rest in told.aside]
    assert len({*names}) == 3
    assert [row["a"] for _name, row, *_rest in told.aside] == [1, 2, 3]
    again = upsert_stream(Strict(), "Things", ["id"], rows[:1], dry=False)
    assert [name for name, *_rest in again.aside] == names[:1], "the same row has the same name again"
