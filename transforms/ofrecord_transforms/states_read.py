"""`figures:` and `states:` of a rule file, from YAML to values."""

from collections.abc import Iterator
from decimal import Decimal

from ofrecord_transforms import vocabulary as words
from ofrecord_transforms.located import Node
from ofrecord_transforms.problems import one_of
from ofrecord_transforms.read_fields import FieldReader
from ofrecord_transforms.read_shapes import amount_of, is_list_of_values
from ofrecord_transforms.states import Figure, StateRow, States, StateTest, TogetherRow


def read_figures(reader: FieldReader, node: Node | None) -> Iterator[Figure]:
    """What tables look at, a line each."""
    seen: set[str] = set()
    for child in _items(reader, node, "figures", "- what: <name>"):
        what = reader.text(child, "what", "figures")
        where = f"figures: {what}"
        reader.keys(child, (*words.STATE_FIGURE_KEYS, *reader.known), where)
        sides = {
            system: side
            for system in reader.known
            if (at := child.get(system)) and (side := reader.side(at, where, system))
        }
        if not sides:
            reader.problems.add(child, where, f"names no system. Say where it lives: {one_of(reader.known)}.")
        if what is None:
            continue
        if what in seen:
            reader.problems.add(child, where, "this name is used twice. Every figure needs its own name.")
        seen.add(what)
        said = reader.choice(child, "format", words.STATE_FIGURE_FORMATS, where)
        money = any(side.currency or side.unit for side in sides.values())
        yield Figure(what, said or ("money" if money else "text"), sides, child.line)


def read_states(reader: FieldReader, node: Node | None) -> States | None:
    """The table, or None."""
    checked = reader.mapping(node, "states", words.STATES_KEYS)
    if checked is None:
        return None
    sums, totals = (
        reader.mapping(checked.get("sums"), "states: sums"),
        reader.mapping(checked.get("totals"), "states: totals"),
    )
    return States(
        shows=reader.text(checked, "field", "states") or "",
        rows=tuple(_rows(reader, checked.get("rows"))),
        together=tuple(_together(reader, checked.get("together"))),
        flag=reader.text(checked, "flag", "states", required=False),
        since=reader.text(checked, "since", "states", required=False),
        zone=reader.text(checked, "zone", "states", required=False),
        sums={
            name: tuple(reader.words(child, f"states: sums: {name}", "Settled: [Paid, Credited]"))
            for name, child in (sums.items() if sums else ())
        },
        totals={name: str(child.value) for name, child in (totals.items() if totals else ())},
        line=checked.line,
    )


def _items(reader: FieldReader, node: Node | None, where: str, example: str) -> Iterator[Node]:
    if node is None:
        return
    if not isinstance(node.value, list) or not node.value:
        reader.problems.add(node, where, f'expected a list; each item begins with "{example}".')
        return
    yield from (child for child in node.value if reader.mapping(child, where) is not None)


def _rows(reader: FieldReader, node: Node | None) -> Iterator[StateRow]:
    for child in _items(reader, node, "states: rows", "- state: <name>"):
        state = reader.text(child, "state", "states: rows") or ""
        where = f"states: {state}"
        reader.keys(child, words.STATE_ROW_KEYS, where)
        when = reader.mapping(child.get("when"), where)
        tests = [
            test for name, wanted in (when.items() if when else ()) for test in _tests(reader, name, wanted, where)
        ]
        yield StateRow(
            state, tuple(tests), reader.text(child, "flag", where, required=False),
            reader.text(child, "since", where, required=False), reader.text(child, "why", where, required=False), child.line,
        )  # fmt: skip


def _tests(reader: FieldReader, name: str, wanted: Node, where: str) -> Iterator[StateTest]:
    if is_list_of_values(wanted):
        yield StateTest(name, "in", tuple(str(item.plain()) for item in wanted.value))
    elif wanted.value in words.STATE_WORDS:
        yield StateTest(name, str(wanted.value))
    elif isinstance(wanted.value, dict) and wanted.value:
        reader.keys(wanted, words.STATE_COMPARISONS, where)
        for test, limit in wanted.items():
            if test in words.STATE_COMPARISONS:
                amount = amount_of(limit)
                yield StateTest(name, test, str(limit.value) if amount is None else Decimal(amount))
    else:
        text = f'"{name}" needs a list of words, passed, fell, or a comparison such as {{at least: Total}}.'
        reader.problems.add(wanted, where, text)


def _together(reader: FieldReader, node: Node | None) -> Iterator[TogetherRow]:
    for child in _items(reader, node, "states: together", "- state: <name>"):
        state = reader.text(child, "state", "states: together") or ""
        where = f"states: together: {state}"
        reader.keys(child, words.TOGETHER_KEYS, where)
        yield TogetherRow(
            state, tuple(reader.words(child.get("some"), where, "some: [Paid]")),
            tuple(reader.words(child.get("none"), where, "none: [Paid]")), reader.text(child, "why", where, required=False), child.line,
        )  # fmt: skip
