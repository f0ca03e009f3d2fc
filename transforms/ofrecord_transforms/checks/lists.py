"""Pick lists: every value one side can hold has a counterpart on the other."""

from collections.abc import Iterable, Mapping
from typing import Any

from ofrecord_transforms.catalog import CatalogField
from ofrecord_transforms.checks.inquiry import Inquiry, Strand
from ofrecord_transforms.problems import nearest
from ofrecord_transforms.rules import Field, Side


def check(inquiry: Inquiry) -> None:
    """Every value on every way it travels, and the constants."""
    for strand, source, to in inquiry.travelling():
        if not strand.plain or strand.rule.lines or strand.rule.combine == "states":
            continue
        here = inquiry.field(source, strand.sides[source].field)
        there = inquiry.field(to, strand.sides[to].field)
        table = _table(strand.sides[source], strand.sides[to])
        if table is not None:
            _translated(inquiry, strand, table, (source, here), (to, there))
        elif there is not None and here is not None:
            _untranslated(inquiry, strand, (source, here), (to, there))
    for rule in inquiry.entity.fields:
        _constants(inquiry, rule)


def closed(field: CatalogField | None) -> tuple[Any, ...] | None:
    """The values of a list that takes no others."""
    return None if field is None or field.open_values else field.values


def among(value: Any, values: Iterable[Any]) -> bool:
    """Is it one of them, as YAML and JSON write values?"""
    return plain(value) in {plain(one) for one in values}


def plain(value: Any) -> str:
    """A value as text; true and false as YAML writes them."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def quoted(values: Iterable[Any]) -> str:
    """`"a", "b"`, at most eight of them."""
    words = [f'"{plain(value)}"' for value in values]
    most = 8
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")


def _table(here: Side, there: Side) -> Mapping[Any, Any] | None:
    """Value of the source → value of the destination; the first one where several fit."""
    if here.values is not None:
        return here.values
    if there.values is None:
        return None
    table: dict[Any, Any] = {}
    for value, other in there.values.items():
        table.setdefault(other, value)
    return table


def _translated(
    inquiry: Inquiry,
    strand: Strand,
    table: Mapping[Any, Any],
    here: tuple[str, CatalogField | None],
    there: tuple[str, CatalogField | None],
) -> None:
    (source, left), (to, right) = here, there
    side = strand.sides[source] if strand.sides[source].values is not None else strand.sides[to]
    if left is not None and left.values is not None:
        missing = [value for value in left.values if not among(value, table)]
        if missing:
            inquiry.about(
                strand.rule,
                f"values: {inquiry.called(source, strand.sides[source].field)} can also be {quoted(missing)}, which "
                f"has no counterpart in {to}. Add it.",
                side,
                strand.where,
            )
    for field, system, said in ((left, source, table), (right, to, table.values())):
        known = closed(field)
        for value in said if known is not None else ():
            if not among(value, known or ()):
                hint = nearest(plain(value), map(plain, known or ())) or f" Use {quoted(known or ())}."
                inquiry.about(
                    strand.rule,
                    f'values: "{plain(value)}" is not a value of '
                    f"{inquiry.called(system, strand.sides[system].field)}.{hint}",
                    side,
                    strand.where,
                )


def _untranslated(
    inquiry: Inquiry, strand: Strand, here: tuple[str, CatalogField], there: tuple[str, CatalogField]
) -> None:
    """The same words on both sides, or a closed list that cannot take every text."""
    (source, left), (to, right) = here, there
    accepted = closed(right)
    if accepted is None or strand.rule.format == "country":
        return
    target = inquiry.called(to, strand.sides[to].field)
    if left.values is None:
        if left.types == ("string",):
            inquiry.about(
                strand.rule,
                f"{inquiry.called(source, strand.sides[source].field)} is free text, {target} takes only "
                f"{quoted(accepted)}. Say which text is which: values.",
                where=strand.where,
            )
        return
    missing = [value for value in left.values if not among(value, accepted)]
    if missing:
        inquiry.about(
            strand.rule,
            f"{inquiry.called(source, strand.sides[source].field)} can be {quoted(missing)}, which {target} does not "
            f"have. It takes {quoted(accepted)}. Translate with values.",
            where=strand.where,
        )


def _constants(inquiry: Inquiry, rule: Field) -> None:
    """Constants and other values the rule itself writes, and amounts that count as 0."""
    for system, side in rule.sides.items():
        known = closed(inquiry.field(system, side.field)) if side.parts is None else None
        written = [side.always] if side.always is not None else []
        if rule.otherwise is not None and system != rule.owner:
            written.append(rule.otherwise)
        _judge(inquiry, rule, (side, inquiry.called(system, side.field)), written, known)
        for name, values in (side.zero_when or {}).items():
            _judge(inquiry, rule, (side, inquiry.called(system, name)), values, closed(inquiry.field(system, name)))


def _judge(
    inquiry: Inquiry, rule: Field, at: tuple[Side, str], values: Iterable[Any], known: tuple[Any, ...] | None
) -> None:
    side, called = at
    for value in values if known is not None else ():
        if not among(value, known or ()):
            hint = nearest(plain(value), map(plain, known or ())) or f" Use {quoted(known or ())}."
            inquiry.about(rule, f'"{plain(value)}" is not a value of {called}.{hint}', side)
