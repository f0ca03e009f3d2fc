"""Words of a vendor without the values they repeat: each is told by its field. The ledger keeps the words as they came.

Known are the values of the records held; of others, what looks like an address or a phone number goes, too. A name of a record that
is not among those shown cannot be told from a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ofrecord_kit.ledger import Held

_TELLING = 3
_ADDRESS = re.compile(r"[^\s@<>()\"',;:]+@[^\s@<>()\"',;:]+\.\w+")
_PHONE = re.compile(r"\+\d(?:[\s()/.-]*\d){6,14}\b|(?<![\d:.,-])0\d(?:[\s()/-]*\d){5,}\b")


def without_values(rows: Sequence[Held]) -> list[Held]:
    """The same rows; a value of one of these records that the vendor's words repeat is told by its field.

    Of all of them, because what a vendor says of a batch may repeat the neighbours.
    """
    records = [row.payload for row in rows if row.kind != "limits" and isinstance(row.payload, Mapping)]
    said = {text: name for record in records for text, name in _texts(record)}
    known = {text: f"({name})" for text, name in said.items()}
    either = "|".join(re.escape(text) for text in sorted(known, key=len, reverse=True))
    values = re.compile(rf"(?<!\w)(?:{either})(?!\w)") if either else None
    return [replace(row, message=_masked(row.message, values, known)) for row in rows]


def _masked(words: str, values: re.Pattern[str] | None, known: Mapping[str, str]) -> str:
    if values is not None:
        words = values.sub(lambda found: known[found[0]], words)
    return _PHONE.sub("(phone)", _ADDRESS.sub("(e-mail)", words))


def _texts(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Texts in a record with their fields, in the forms both systems have; ids and notes are none."""
    for name, value in record.items():
        if name == "_ofrecord" and isinstance(value, Mapping):
            for part in ("native", "observed"):
                yield from _texts(value.get(part) or {})
        elif isinstance(value, Mapping):
            yield from _texts(value)
        elif isinstance(value, list):
            yield from (one for inner in value if isinstance(inner, Mapping) for one in _texts(inner))
        elif isinstance(value, str) and len(value) >= _TELLING and not value.isdigit():
            yield value, name
