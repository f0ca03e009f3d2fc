"""Which lens a line of the rules asks for."""

from dataclasses import replace

from ofrecord_kit.plan.canonical import PART_FORMS
from ofrecord_transforms.lenses import amounts, moments, places, words
from ofrecord_transforms.lenses.lens import IDENTITY, Lens
from ofrecord_transforms.rules import Field, Side

_BY_FORMAT: dict[str, Lens] = {
    "text": words.TEXT,
    "legal name": words.TEXT,
    "number": amounts.NUMBER,
    "money": amounts.NUMBER,
    "email": words.EMAIL,
    "boolean": words.BOOLEAN,
}


def lens(rule: Field, source: Side, destination: Side) -> Lens:
    """The conversion of one field from one side to the other.

    Without what depends on the record: an amount whose currency stands in the record has the lens
    `amounts.amount(source.minor, destination.minor)(code)`. The way back is the lens of the sides exchanged.
    Raises `ValueError` for a zone that does not exist.
    """
    if rule.ref is not None:
        return words.RECORD_ID
    if rule.lookup is not None and source.values is None and destination.values is None:
        return words.ENTRY_NAME
    if source.page is not None:
        return words.page(source.page)
    if destination.page is not None:
        return words.page(destination.page).reversed()
    if source.values is not None:
        return words.values(source.values)
    if destination.values is not None:
        return words.values(destination.values).reversed()
    if source.parts is not None and destination.parts is not None:
        return _address(rule, source, destination)
    if source.unit is not None or destination.unit is not None or source.minor or destination.minor:
        measured = amounts.measure(source.unit, destination.unit, (source.minor, destination.minor))
        return _BY_FORMAT.get(rule.format, IDENTITY) if measured is IDENTITY else measured
    return _by_format(rule.format, source, destination)


def _by_format(form: str, source: Side, destination: Side) -> Lens:
    match form:
        case "phone":
            return words.phone(source.region or destination.region, destination.region or source.region)
        case "country":
            return places.country(source.form, destination.form)
        case "date":
            return moments.day(source.zone, destination.zone)
        case "datetime":
            return moments.moment(source.zone, destination.zone)
    return _BY_FORMAT.get(form, IDENTITY)


def _address(rule: Field, source: Side, destination: Side) -> Lens:
    """Part by part; a phone without a country code belongs to the region of the whole address."""
    there = destination.parts or {}
    return places.address(
        {
            part: lens(
                replace(rule, format=PART_FORMS.get(part, "text"), ref=None, lookup=None),
                replace(side, region=side.region or source.region),
                replace(there[part], region=there[part].region or destination.region),
            )
            for part, side in (source.parts or {}).items()
            if part in there
        }
    )
