"""Tables of states: their words exist, every combination ends in a row, and every row can be reached.

A row is a box in the space of what the rows ask (of each figure a few regions: less than, equal to, more than a limit); the space that no
row has taken yet is a list of boxes. What is left in the end has no row, and a row that takes nothing of what is left is never reached.
Figures are taken to be independent of each other, so a table that is found whole is whole.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations
from zoneinfo import ZoneInfo

from ofrecord_kit.plan.states import Together, compared, together_of
from ofrecord_transforms.checks.inquiry import Inquiry
from ofrecord_transforms.checks.lists import among, closed, quoted
from ofrecord_transforms.problems import nearest, one_of
from ofrecord_transforms.rules import Entity
from ofrecord_transforms.states import WAS, Figure, StateRow, States, StateTest, following

_NOTHING = "nothing"
_TOLD = {"passed": "has passed", "not passed": "has not passed", "fell": "fell", "not fell": "did not fall"}
_MANY = 12
"""Beyond so many states their sets are not gone through one by one."""
Axis = tuple[str, str]
"""A figure, and what it is measured against: another figure, or empty."""
Box = Mapping[Axis, frozenset[str]]


def check(inquiry: Inquiry) -> None:
    """Figures, the fields the table fills, its words, and both proofs."""
    said = inquiry.entity.states
    _vendor_words(inquiry)
    _fields(inquiry, said)
    if said is None:
        return
    figures = known_figures(inquiry.entities, inquiry.entity)
    before = len(inquiry.problems.found)
    _sums(inquiry, said, figures)
    for row in said.rows:
        _row(inquiry, said, row, figures)
    _states_there(inquiry, said)
    if len(inquiry.problems.found) == before:
        _prove(inquiry, said, figures)
        _prove_together(inquiry, said)


def known_figures(entities: Mapping[str, Entity], root: Entity) -> dict[str, Figure]:
    """Figures by name: the table's own before those of entities that follow."""
    found: dict[str, Figure] = {}
    for name in (root.entity, *following(entities, root)):
        for figure in entities[name].figures:
            found.setdefault(figure.what, figure)
    return found


def _vendor_words(inquiry: Inquiry) -> None:
    """Fields exist, and every value the vendor lists has its word."""
    for figure in inquiry.entity.figures:
        for system, side in figure.sides.items():
            place = inquiry.entity.systems.get(system)
            if place is None:
                inquiry.at(figure.line, f"figures: {figure.what}", f"{system} is not among the systems of the entity.")
                continue
            known = inquiry.field(system, side.field)
            missing = [
                value
                for value in (known.values if known and side.values else None) or ()
                if not among(value, side.values or {})
            ]
            if missing:
                text = f"values: {inquiry.called(system, side.field)} can also be {quoted(missing)}. Add it."
                inquiry.at(figure.line, f"figures: {figure.what}", text)


def _fields(inquiry: Inquiry, said: States | None) -> None:
    """The fields a table fills say `combine: states`, and no others do."""
    filled = said.fields if said is not None else []
    rules = {rule.what: rule for rule in inquiry.entity.fields}
    for name in filled:
        if name not in rules:
            inquiry.add("states", f'"{name}" is not the name of a field.{nearest(name, rules)}', "states")
        elif rules[name].combine != "states":
            inquiry.about(rules[name], "is filled by the table of states. Say combine: states.")
    for rule in inquiry.entity.fields:
        if rule.combine == "states" and rule.what not in filled:
            inquiry.about(
                rule, "says combine: states, and no table fills it. Name it under states, or combine it otherwise."
            )
    if said is not None and inquiry.entity.combine is None:
        inquiry.add("states", "a table needs records that make one elsewhere. Add combine: to the file.", "states")


def _sums(inquiry: Inquiry, said: States, figures: Mapping[str, Figure]) -> None:
    for name, parts in said.sums.items():
        if name in figures:
            inquiry.at(said.line, "states: sums", f'"{name}" is a figure already. Give the sum a name of its own.')
        for part in parts:
            if part not in figures or figures[part].format not in {"number", "money"}:
                inquiry.at(
                    said.line, "states: sums", f'"{part}" is no figure that can be added.{nearest(part, figures)}'
                )
    for name, figure in said.totals.items():
        if not _is_number(figure, said, figures):
            inquiry.at(
                said.line,
                "states: totals",
                f'{name}: "{figure}" is no figure that can be added.{nearest(figure, figures)}',
            )


def _is_number(name: str, said: States, figures: Mapping[str, Figure]) -> bool:
    return name in said.sums or (name in figures and figures[name].format in {"number", "money"})


def _row(inquiry: Inquiry, said: States, row: StateRow, figures: Mapping[str, Figure]) -> None:
    where = f"states: {row.state}"
    for test in row.when:
        if (text := _misfit(test, said, figures)) is not None:
            inquiry.at(row.line, where, text)
    if row.since is not None and (row.since not in figures or figures[row.since].format != "date"):
        inquiry.at(row.line, where, f'since: "{row.since}" is no figure with a day.')
    if row.flag is not None and said.flag is None:
        inquiry.at(row.line, where, "raises a flag, and no field shows it. Name it under states: flag.")
    if any(test.test == "passed" for test in row.when) and not _is_zone(said.zone):
        inquiry.at(
            row.line,
            where,
            "asks whether a day has passed, and no zone says when a day ends. Add zone: Europe/Berlin, or where you are.",
        )


def _is_zone(name: str | None) -> bool:
    try:
        return name is not None and bool(ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        return False


def _misfit(test: StateTest, said: States, figures: Mapping[str, Figure]) -> str | None:
    """What is wrong with a condition."""
    names = [*figures, *said.sums, WAS]
    if test.figure not in names:
        return f'"{test.figure}" is not a figure. Use {one_of(names)}.{nearest(test.figure, names)}'
    if test.test == "in":
        words = _words(test.figure, said, figures)
        strange = (
            [word for word in test.wanted or () if words is not None and word not in words]
            if isinstance(test.wanted, tuple)
            else []
        )
        return f'"{strange[0]}" is not a word of {test.figure}. Use {one_of(words or ())}.' if strange else None
    if test.test == "passed":
        is_day = test.figure in figures and figures[test.figure].format == "date"
        return None if is_day else f"{test.figure} holds no day that could pass."
    if not _is_number(test.figure, said, figures):
        return f"{test.figure} holds no numbers."
    if isinstance(test.wanted, str) and not _is_number(test.wanted, said, figures):
        return f'"{test.wanted}" is neither a number nor a figure.{nearest(test.wanted, names)}'
    return None


def _words(name: str, said: States, figures: Mapping[str, Figure]) -> list[str] | None:
    """The words a figure can be; None where nobody knows."""
    if name == WAS:
        return said.names
    tables = (
        [side.values for side in figures[name].sides.values() if side.values is not None] if name in figures else []
    )
    return list(dict.fromkeys(str(word) for table in tables for word in table.values())) or None


def _states_there(inquiry: Inquiry, said: States) -> None:
    """The other system's list of values takes every state and every flag."""
    rules = {rule.what: rule for rule in inquiry.entity.fields}
    shown = [
        (said.shows, [row.state for row in said.together]),
        (said.flag, [row.flag for row in said.rows if row.flag]),
    ]
    for name, words in shown:
        rule = rules.get(name or "")
        for system, side in rule.sides.items() if rule is not None else ():
            known = closed(inquiry.field(system, side.field)) if rule is not None and system != rule.owner else None
            strange = [word for word in dict.fromkeys(words) if known and not among(word, known)]
            if strange:
                text = f"{quoted(strange)} is not in the list of {inquiry.called(system, side.field)}: {quoted(known or ())}."
                inquiry.at(said.line, f"states: {name}", text)


# --- every combination ends in a row ---------------------------------------------------------------------------------


def _prove(inquiry: Inquiry, said: States, figures: Mapping[str, Figure]) -> None:
    space = space_of(said, figures)
    left: list[Box] = [space]
    for row in said.rows:
        mine = box_of(row.when, space)
        if not any(_meet(box, mine) for box in left):
            text = "is never reached: the rows before it take everything it asks for. Move it up, or remove it."
            inquiry.at(row.line, f"states: {row.state}", text)
        left = [rest for box in left for rest in _without(box, mine)]
    if left:
        text = f"no row holds when {_in_words(left[0], space)}. Add a row, or widen one."
        inquiry.at(said.line, "states", text)


def space_of(said: States, figures: Mapping[str, Figure]) -> Box:
    """All that can be, as far as the rows ask: axis → regions."""
    limits: dict[str, set[Decimal]] = {}
    space: dict[Axis, frozenset[str]] = {}
    for test in (test for row in said.rows for test in row.when):
        if test.test == "in":
            words = _words(test.figure, said, figures) or [*test.wanted] if isinstance(test.wanted, tuple) else []
            extra = [_NOTHING] if test.figure == WAS or _words(test.figure, said, figures) is None else []
            axis = (test.figure, "")
            space[axis] = space.get(axis, frozenset()) | {*words, *extra}
        elif test.test in {"passed", "fell"}:
            space[test.figure, test.test] = frozenset({test.test, f"not {test.test}"})
        elif isinstance(test.wanted, str):
            space[test.figure, test.wanted] = frozenset({"less", "equal", "more"})
        elif isinstance(test.wanted, Decimal):
            limits.setdefault(test.figure, set()).add(test.wanted)
    for name, values in limits.items():
        space[name, "number"] = frozenset(region for region, _value in _regions(sorted(values)))
    return space


def _regions(limits: Sequence[Decimal]) -> Iterator[tuple[str, Decimal]]:
    """Regions of a number between limits, each with a number in it."""
    yield f"less than {limits[0]}", limits[0] - 1
    for one, following_ in zip(limits, [*limits[1:], None], strict=True):
        yield str(one), one
        if following_ is not None:
            yield f"between {one} and {following_}", (one + following_) / 2
    yield f"more than {limits[-1]}", limits[-1] + 1


def box_of(tests: Iterable[StateTest], space: Box) -> Box:
    """What a row takes of the space: the axes it asks about."""
    box: dict[Axis, frozenset[str]] = {}

    def narrow(axis: Axis, regions: Iterable[str]) -> None:
        box[axis] = box.get(axis, space[axis]) & frozenset(regions)

    for test in tests:
        if test.test == "in" and isinstance(test.wanted, tuple):
            narrow((test.figure, ""), test.wanted)
        elif test.test in {"passed", "fell"}:
            narrow((test.figure, test.test), {test.test})
        elif isinstance(test.wanted, str):
            signs = (("less", Decimal(-1)), ("equal", Decimal(0)), ("more", Decimal(1)))
            narrow(
                (test.figure, test.wanted), {sign for sign, value in signs if compared(test.test, value, Decimal(0))}
            )
        elif isinstance(test.wanted, Decimal):
            axis, limit = (test.figure, "number"), test.wanted
            wanted = sorted(space[axis], key=str)
            narrow(axis, {region for region in wanted if compared(test.test, _value_of(region), limit)})
    return box


def _value_of(region: str) -> Decimal:
    """A number in a region."""
    word, *rest = region.split()
    match word:
        case "less":
            return Decimal(rest[-1]) - 1
        case "more":
            return Decimal(rest[-1]) + 1
        case "between":
            return (Decimal(rest[0]) + Decimal(rest[-1])) / 2
    return Decimal(word)


def _meet(box: Box, row: Box) -> bool:
    return all(box[axis] & regions for axis, regions in row.items())


def _without(box: Box, row: Box) -> Iterator[Box]:
    """A box less what a row takes of it, as boxes that do not meet."""
    if not _meet(box, row):
        yield box
        return
    rest = dict(box)
    for axis, regions in row.items():
        if outside := rest[axis] - regions:
            yield {**rest, axis: outside}
        rest[axis] &= regions


def _in_words(box: Box, space: Box) -> str:
    """One combination, in words."""
    words = []
    for (figure, other), regions in sorted(box.items()):
        if regions == space[figure, other]:
            continue
        region = min(regions)
        if other in {"", "number"}:
            words.append(f"the state was {region}" if figure == WAS else f"{figure} is {region}")
        elif other in {"passed", "fell"}:
            words.append(f"{figure} {_TOLD[region]}")
        else:
            words.append(f"{figure} is {'equal to' if region == 'equal' else f'{region} than'} {other}")
    return ", ".join(words) or "nothing is known"


def _prove_together(inquiry: Inquiry, said: States) -> None:
    names = said.names
    for row in said.together:
        strange = [word for word in (*row.some, *row.none) if word not in names]
        if strange:
            text = f'"{strange[0]}" is no state of a record. Use {one_of(names)}.'
            inquiry.at(row.line, f"states: together: {row.state}", text)
            return
    rows = [Together(row.state, row.some, row.none) for row in said.together]
    reached: set[int] = set()
    for states in sets_of(names):
        found = together_of(rows, states)
        if found is None:
            inquiry.at(
                said.line,
                "states: together",
                f"no row holds when the states are {quoted(states)}. Add a row, or widen one.",
            )
            return
        reached.add(next(number for number, row in enumerate(rows) if row is found))
    for number, row in enumerate(said.together):
        if number not in reached:
            text = "is never reached: the rows before it take everything it asks for. Move it up, or remove it."
            inquiry.at(row.line, f"states: together: {row.state}", text)


def sets_of(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Every set of states there can be; of very many states those of up to three, which is what rows ask about at most."""
    most = len(names) if len(names) <= _MANY else 3
    for size in range(1, most + 1):
        yield from combinations(names, size)
