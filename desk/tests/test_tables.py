"""Tables fit the terminal and lose nothing."""

from datetime import UTC, datetime
from decimal import Decimal

from ofrecord.tables import Table, lines_of, show

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


def test_a_text_that_reads_as_a_formula_leaves_in_a_pipe_with_an_apostrophe(capsys):
    texts = ("=1+1", "@SUM(A1)", "+A1", "-cmd", "\t=1", "\r=1", "+49 221 4711", "-5", "-", "fine")
    show([Table("", ("a",), [(text,) for text in texts] + [(-5,), (Decimal(-1),)])], None, as_json=False)
    told = capsys.readouterr().out.splitlines()
    assert told == [
        "'=1+1",
        "'@SUM(A1)",
        "'+A1",
        "'-cmd",
        "' =1",
        "' =1",
        "+49 221 4711",
        "-5",
        "-",
        "fine",
        "-5",
        "-1",
    ]
