"""A table of states for people, as Markdown: `python -m ofrecord_transforms.states_page rules invoice` prints it."""

import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from ofrecord_transforms.load import load
from ofrecord_transforms.rules import Entity
from ofrecord_transforms.states import WAS, StateRow, StateTest, TogetherRow


def page(entity: Entity) -> str:
    """The rows about one record, and those about all of them; empty without a table."""
    said = entity.states
    if said is None:
        return ""
    sums = "".join(f"{name} is {_and(parts)} together. " for name, parts in said.sums.items())
    ones = [("state", f"of one {entity.entity}: the first row that holds", "flag", "why"), *map(_row, said.rows)]
    whole = entity.combine.into if entity.combine else "whole"
    all_ = [("state", f"of a {whole}, by the states of its {entity.entity}s", "why"), *map(_together, said.together)]
    return "\n".join([*([sums.strip(), ""] if sums else []), *_table(ones), "", *_table(all_)]) + "\n"


def _row(row: StateRow) -> tuple[str, ...]:
    flag = f"{row.flag}, since {row.since}" if row.flag and row.since else row.flag or ""
    return (row.state, _all(map(_test, row.when)) or "anything else", flag, row.why or "")


def _together(row: TogetherRow) -> tuple[str, ...]:
    some = f"some are {_or(row.some)}" if row.some else ""
    none = f"none is {_or(row.none)}" if row.none else ""
    return (row.state, _all(filter(None, (some, none))) or "anything else", row.why or "")


def _test(test: StateTest) -> str:
    figure = "the state was" if test.figure == WAS else f"{test.figure} is"
    match test.test, test.wanted:
        case "in", tuple() as words:
            return f"{figure} {_or(words)}"
        case "passed", _:
            return f"{test.figure} has passed"
        case "fell", _:
            return f"{test.figure} is less than it was"
    return f"{figure} {test.test} {_plain(test.wanted)}"


def _plain(value: object) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _all(parts: Iterable[str]) -> str:
    return "; ".join(parts)


def _or(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    head, *rest = [f"| {' | '.join(row)} |" for row in rows]
    return [head, f"|{'---|' * len(rows[0])}", *rest]


if __name__ == "__main__":
    folder, name = sys.argv[1:3]
    sys.stdout.write(page(load(Path(folder)).entities[name]))
