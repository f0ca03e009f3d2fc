"""What is told of a document once, to whom, and in which words. See "Telling" in docs/architecture.md."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any

_MOST = 200
"""Lines that a mail tells one by one; how long a mail may be stands in no document."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Somebody who is told: by mail through the system the document is in, or by a call of an address outside.

    `webhook` is the name of the environment variable that holds the address; the address itself is kept nowhere.
    """

    name: str
    mail: tuple[str, ...] = ()
    webhook: str = ""

    @property
    def field(self) -> str:
        """What stands for it in the outbox."""
        return f"_tell:{self.name}"


@dataclass(frozen=True, slots=True)
class Document:
    """What is told of a document: its number and its lines (`sku`, `name`, `quantity`, `unit`), and nothing of a person.

    `is_void`: there is nothing to be told any more.
    """

    number: str
    kind: str
    lines: Sequence[Mapping[str, Any]]
    reference: str = ""
    is_void: bool = False


def notices_of(said: Iterable[Mapping[str, Any]]) -> tuple[Notice, ...]:
    """From the annotation of a SCHEMA."""
    return tuple(Notice(one["name"], tuple(one.get("mail") or ()), one.get("webhook") or "") for one in said)


def subject_of(document: Document) -> str:
    """Of a mail."""
    return f"{document.kind} {document.number}"


def body_of(document: Document) -> str:
    """Of a mail, in HTML: a line for each of the document's."""
    about = f" ({escape(document.reference)})" if document.reference else ""
    head = f"{escape(document.kind)} {escape(document.number)}{about} is confirmed."
    more = len(document.lines) - _MOST
    told = [_line(line) for line in document.lines[:_MOST]]
    return "<br>".join([head, *told, *([f"and {more} more, see the file"] if more > 0 else [])])


def _line(line: Mapping[str, Any]) -> str:
    said = (_plain(line.get("quantity")), line.get("unit"), "×", line.get("sku"), line.get("name"))
    return " ".join(escape(str(one)) for one in said if one not in (None, ""))


def _plain(quantity: Any) -> str:
    """A number without exponent and needless zeros.

    >>> _plain(Decimal("3.00")), _plain(40), _plain(Decimal("1E+3")), _plain(None)
    ('3', '40', '1000', '')
    """
    return "" if quantity in (None, "") else format(Decimal(str(quantity)).normalize(), "f")


def identity_of(notice: Notice, entity: str, system: str, record: str) -> str:
    """The id under which a notice is told, however often it is: who hears it twice can tell."""
    told = f"{notice.name}\n{entity}\n{system}\n{record}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def message_of(notice: Notice, entity: str, system: str, record: str, document: Document) -> dict[str, Any]:
    """What an address outside is sent."""
    lines = [
        {name: line.get(name) for name in ("sku", "name", "unit")} | {"quantity": _plain(line.get("quantity"))}
        for line in document.lines
    ]
    return {
        "id": identity_of(notice, entity, system, record), "to": notice.name, "entity": entity, "system": system, "record": record,
        "number": document.number, "reference": document.reference, "lines": lines,
    }  # fmt: skip
