"""Documents created once: what must agree, how a sum comes about, and for whose word records wait."""

from collections.abc import Iterable
from dataclasses import replace

from ofrecord_transforms.checks import filters
from ofrecord_transforms.checks.inquiry import Inquiry, inside
from ofrecord_transforms.checks.names import judge
from ofrecord_transforms.problems import nearest, one_of
from ofrecord_transforms.rules import Field, Side


def check(inquiry: Inquiry) -> None:
    """`once: check`, `once: sum` and `waits_for`."""
    once = inquiry.entity.once
    if once is not None:
        for figure in once.check:
            _figure(inquiry, figure, f"once: {figure.what}", None)
        _sum(inquiry)
    _waits_for(inquiry)


def _figure(inquiry: Inquiry, figure: Field, where: str, whole: Field | None) -> None:
    """Names two systems, and fields that they have."""
    if len(figure.sides) == 1:
        inquiry.at(figure.line, where, "names one system. Name the other one, too: two figures are compared.")
    if figure.ref is not None and figure.ref not in inquiry.entities:
        hint = nearest(figure.ref, inquiry.entities) or f" Use {one_of(inquiry.entities)}."
        inquiry.at(figure.line, where, f'ref "{figure.ref}" is not an entity.{hint}')
    for system, side in figure.sides.items():
        if system not in inquiry.entity.systems:
            inquiry.missing_system("once", system)
        elif side.always is None:
            above = whole.sides.get(system, Side("")) if whole is not None else None
            path = side.field if above is None else inside(above, side.field)
            judge(inquiry, system, path, where, side.line or figure.line, may_lack=side.otherwise is not None)
    for line in figure.lines:
        _figure(inquiry, line, f"{where}: {line.what}", figure)


def _sum(inquiry: Inquiry) -> None:
    """Every name of `sum` is that of a field, of a field of its lines, or of a figure."""
    once = inquiry.entity.once
    if once is None or once.sum is None:
        return
    said = once.sum
    fields = {rule.what: rule for rule in inquiry.entity.fields}
    rows = {line.what for line in fields[said.lines].lines} if said.lines in fields else set()
    wanted: list[tuple[str, str, Iterable[str]]] = [("lines", said.lines, [one for one in fields if fields[one].lines])]
    wanted += [(key, name, rows) for key, name in (("quantity", said.quantity), ("rate", said.rate))]
    wanted += [(key, name, rows) for key, name in (("discount", said.discount), ("tax", said.tax)) if name]
    wanted += [(key, name, fields) for key, names in (("less", said.less), ("plus", said.plus)) for name in names]
    wanted += [("currency", said.currency, [one.what for one in once.check])] if said.currency else []
    for key, name, known in wanted:
        if name not in known:
            hint = nearest(name, known) or (f" Use {one_of(known)}." if known else "")
            inquiry.at(said.line, "once: sum", f'{key}: "{name}" is not known here.{hint}')


def _waits_for(inquiry: Inquiry) -> None:
    """The other entity is read from the same system, and a field leads to it."""
    waits = inquiry.entity.waits_for
    if waits is None:
        return
    other = inquiry.entities.get(waits.entity)
    if other is None:
        hint = nearest(waits.entity, inquiry.entities) or f" Use {one_of(inquiry.entities)}."
        inquiry.add("waits_for", f'"{waits.entity}" is not an entity.{hint}', "waits_for", "entity")
        return
    by = next((rule for rule in inquiry.entity.fields if rule.what == waits.by), None)
    if by is None or not set(waits.when) <= by.sides.keys():
        names = [rule.what for rule in inquiry.entity.fields]
        hint = nearest(waits.by, names) or ""
        inquiry.add("waits_for", f'"{waits.by}" is not a field that names its {waits.entity}.{hint}', "waits_for", "by")
    filters.fields(inquiry, waits.when, ("waits_for", "when"), "waits_for: when")
    for system in waits.until:
        if system not in waits.when:
            inquiry.add(
                "waits_for",
                f"until asks {system}, and when asks another system. Both are about records of one.",
                "waits_for",
            )
        place = other.systems.get(system)
        if place is None or place.stream is None:
            inquiry.add("waits_for", f'"{waits.entity}" is not read from {system}.', "waits_for", "until")
            return
    filters.fields(
        replace(inquiry, entity=replace(other, file=inquiry.entity.file)),
        waits.until,
        ("waits_for", "until"),
        "waits_for: until",
    )
