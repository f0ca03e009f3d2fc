"""What the systems say about a field against what the rules send there: types, lengths, fields that are read only."""

from ofrecord_transforms.catalog import CatalogField
from ofrecord_transforms.checks.inquiry import Inquiry, Strand

_TEXTS = ("text", "legal name", "phone", "email", "country")
_NUMBERS = ("number", "money")
_DAYS = ("date", "datetime")
_SAID = {
    "text": "text",
    "number": "numbers",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "date": "a day",
    "date-time": "a time",
}


def check(inquiry: Inquiry) -> None:
    """Every value on every way it travels."""
    for strand, source, to in inquiry.travelling():
        here = inquiry.field(source, strand.sides[source].field)
        there = inquiry.field(to, strand.sides[to].field)
        if here is not None and there is not None:
            _types(inquiry, strand, (source, here), (to, there))
            _length(inquiry, strand, (source, here), (to, there))
    for rule in inquiry.entity.fields:
        for to in sorted({to for _, to in inquiry.ways(rule)}):
            side = rule.sides[to]
            for part in (side.parts or {"": side}).values():
                _read_only(inquiry, Strand(rule.what, rule, rule, {to: part}), to, side.status)


def kind_of(field: CatalogField) -> str | None:
    """`text`, `number`, `boolean`, `object`, `array`, `date` or `date-time`; None when it is not said, or several."""
    kinds = {"number" if kind == "integer" else kind for kind in field.types}
    if len(kinds) != 1:
        return None
    (kind,) = kinds
    return (field.format if field.format in {"date", "date-time"} else "text") if kind == "string" else kind


def _types(inquiry: Inquiry, strand: Strand, here: tuple[str, CatalogField], there: tuple[str, CatalogField]) -> None:
    source, to = here[0], there[0]
    before, after = kind_of(here[1]), kind_of(there[1])
    if before is None or after is None:
        return
    advice = _lines(before, after) if strand.rule.lines else _advice(strand, source, to, before, after)
    if advice is not None:
        inquiry.about(
            strand.rule,
            f"{inquiry.called(source, strand.sides[source].field)} holds {_SAID[before]}, "
            f"{inquiry.called(to, strand.sides[to].field)} takes {_SAID[after]}. {advice}",
            where=strand.where,
        )


def _lines(before: str, after: str) -> str | None:
    return None if before == after == "array" else "Lines are lists on both sides."


def _advice(strand: Strand, source: str, to: str, before: str, after: str) -> str | None:
    """What to do about two types that do not fit; None when they do."""
    form, sides = strand.rule.format, strand.sides
    if strand.rule.ref is not None:
        fits = {before, after} <= {"object", "text", "number"}
        return None if fits else "A reference needs a field that holds an id."
    if strand.rule.lookup is not None:
        return None if before in {"object", "text", "array"} else "A name is looked up; this is none."
    if sides[source].values is not None or sides[to].values is not None or sides[source].parts is not None:
        return None
    if "object" in {before, after} and before != after:
        return "If it names a record: ref: <entity>."
    if "array" in {before, after} and before != after:
        return "A list and a single value are different things; map a field of one of them."
    if before == after == "boolean":
        return None if form == "boolean" else "Say format: boolean."
    if before == after == "number":
        return None if form in _NUMBERS else f"Say format: number, not {form}."
    if before == after:
        return _same_kind(form, after)
    return _different(form, before, after)


def _same_kind(form: str, kind: str) -> str | None:
    if kind in {"date", "date-time"}:
        wanted = "date" if kind == "date" else "datetime"
        return None if form == wanted else f"Say format: {wanted}, not {form}."
    if kind == "text":
        return None if form in {*_TEXTS, "boolean", *_DAYS} else f"The format {form} sends something else than text."
    return None


def _different(form: str, before: str, after: str) -> str | None:
    """Two types: what a format can turn into the other."""
    times = {"date", "date-time"}
    if after in times:
        wanted = "date" if after == "date" else "datetime"
        return None if before in {"text", *times} and form == wanted else f"Say format: {wanted}, if it is one."
    if before in times:
        return None if after == "text" and form in {"text", *_DAYS} else "Map another field."
    if after == "number":
        return None if before == "text" and form in _NUMBERS else "Say format: number, or translate it with values."
    if after == "boolean":
        return (
            None
            if before == "text" and form == "boolean"
            else "Translate it with values, as in {yes: true, no: false}."
        )
    return None if before == "number" and form == "text" else "Translate it with values."


def _length(inquiry: Inquiry, strand: Strand, here: tuple[str, CatalogField], there: tuple[str, CatalogField]) -> None:
    """A value is never cut: where it can be longer than the other side takes, somebody must say what happens."""
    (source, long), (to, short) = here, there
    if short.max_length is None or strand.whole.too_long is not None or not strand.plain:
        return
    if strand.rule.format not in _TEXTS or strand.rule.format == "country" or strand.rule.lines:
        return
    if strand.sides[source].values is not None or strand.sides[to].values is not None:
        return
    longest = max((len(str(value)) for value in long.values), default=0) if long.values else long.max_length
    if kind_of(long) == "text" and longest is not None and longest > short.max_length:
        inquiry.about(
            strand.rule,
            f"{inquiry.called(source, strand.sides[source].field)} can be {longest} characters long, "
            f"{inquiry.called(to, strand.sides[to].field)} takes {short.max_length}, and nothing is ever cut. "
            "Say too_long: hold, so that a longer value is held.",
            where=strand.where,
        )


def _read_only(inquiry: Inquiry, strand: Strand, to: str, through_action: bool) -> None:
    field = inquiry.field(to, strand.sides[to].field)
    if field is None or not field.read_only or through_action:
        return
    owner = "" if strand.rule.owner == "shared" else f", so {strand.rule.owner} cannot own it"
    inquiry.about(
        strand.rule,
        f"{inquiry.called(to, strand.sides[to].field)} cannot be written: {to} itself keeps it{owner}. "
        f"Use owner: {to}, or another field.",
        where=strand.where,
    )
