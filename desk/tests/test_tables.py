"""Tables fit the terminal and lose nothing."""

from datetime import UTC, datetime
from decimal import Decimal

from ofrecord.tables import Table, lines_of

TABLE = Table(
    "Held",
    ("entity", "words", "amount", "seen", "way"),
    [
        (
            "product",
            "a refusal of many words " * 6,
            Decimal("485.000"),
            datetime(2026, 3, 1, 9, 15, 59, tzinfo=UTC),
            "crm",
        )
    ],
    aside=("way",),
)


def test_a_wide_cell_of_words_is_folded_and_stays_whole():
    lines = lines_of(TABLE, 80)
    assert max(map(len, lines)) <= 80
    assert " ".join(lines).count("refusal") == 6
    assert "485.00  2026-03-01 09:15" in lines[1]


def test_a_column_below_follows_its_row():
    table = Table("", ("run", "group", "calls"), [("8085e3a6", "nightly", 3)], below=("group", "calls"))
    assert lines_of(table, 80) == ["run", "8085e3a6", "    nightly · calls 3"]


def test_a_column_aside_is_for_pipes():
    assert "way" not in lines_of(TABLE, 80)[0]
