"""Which lens a line of the rules asks for."""

from ofrecord_transforms.lenses import amounts, words
from ofrecord_transforms.lenses.lens import IDENTITY, Lens
from ofrecord_transforms.rules import Field, Side

_BY_FORMAT: dict[str, Lens] = {
    "text": words.TEXT,
    "legal name": words.TEXT,
    "number": amounts.NUMBER,
    "money": amounts.NUMBER,
    "email": words.EMAIL,
    "date": words.DAY,
    "datetime": words.MOMENT,
    "boolean": words.BOOLEAN,
}


def lens(rule: Field, source: Side, destination: Side) -> Lens:
    """The conversion of one field from one side to the other, without what depends on the record (its currency)."""
    if rule.ref is not None:
        return words.RECORD_ID
    if rule.lookup is not None:
        return words.ENTRY_NAME
    if source.values is not None:
        return words.values(source.values)
    if destination.values is not None:
        return words.values(destination.values).reversed()
    if source.unit is not None and destination.unit is not None:
        return amounts.measure(source.unit, destination.unit)
    if rule.format == "phone":
        return words.phone(source.region or destination.region)
    return _BY_FORMAT.get(rule.format, IDENTITY)
