"""What is said of many worlds."""

from collections import Counter

from simulation.report import table


def test_the_table_of_many_worlds_counts_mishaps_by_kind_and_whatever_else_happened():
    counts = Counter(
        {"runs": 40, "calls": 200, "Edit": 7, "mishaps": 3, "mishap: 429": 1, "mishap: cut": 2, "Pause": 5, "Run": 20}
    )
    said = {line[:40].strip(): line[40:].strip() for line in table(counts, 4, 2.0).splitlines()}
    assert said == {
        "worlds": "4",
        "runs of a pipeline": "40",
        "calls to the vendors": "200",
        "edits by people between jobs": "7",
        "Pause": "5",
        "mishaps on the line": "3",
        "429": "1",
        "cut": "2",
        "worlds in which something was broken": "0",
        "worlds in a second of one processor": "2.00",
    }


def test_a_table_of_no_worlds_can_be_shown_when_somebody_interrupts_at_once():
    assert "worlds                                          0" in table(Counter(), 0, 0.0)
