"""One quote for a person, with how old the cached figures were; the quotes whose promises moved; a run in one line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ofrecord.promises.asking import Asking, Seen
from ofrecord.promises.saying import Sayings, before_in_words
from ofrecord.promises.telling import Outcome
from ofrecord.promises.units import HERE, amount
from ofrecord.tables import Table
from ofrecord_kit.plan.canonical import instant

COLUMNS = (
    "item", "quantity", "status", "promised", "available", "reserved", "lead time", "before", "line said", "line's age",
    "product said", "product's age",
)  # fmt: skip


def summary(outcome: Outcome) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Columns and the one row of a run."""
    columns = (
        "quotes",
        "lines",
        "quotes written",
        "lines written",
        "edited meanwhile",
        "refused",
        "to review",
        "not linked",
    )
    row = (
        outcome.quotes, outcome.lines, outcome.quotes_written, outcome.lines_written, len(outcome.edited_meanwhile),
        len(outcome.refused), len(outcome.review), len(outcome.unlinked),
    )  # fmt: skip
    return columns, [row]


def one_quote(seen: Seen, asking: Asking, sayings: Sayings) -> tuple[list[Table], dict[str, Any]]:
    """The lines of the quote that was asked for: live, beside what the line and the product said and how long ago."""
    assert seen.asked is not None  # noqa: S101 - asked before
    one = seen.asked
    said = [_line(line, seen, asking, sayings) for line in one.lines]
    rows = [tuple(each.values()) for each in said]
    table = Table(
        f"{one.number}, {seen.now:%Y-%m-%d %H:%M:%S} UTC by inventory's clock", COLUMNS, rows, below=("before",)
    )
    told = [{name.replace("'s", "").replace(" ", "_"): value for name, value in each.items()} for each in said]
    return [table], {"quote": one.number, "id": one.id, "open": one.id in seen.opened, "as_of": seen.now, "lines": told}


def _line(line: Mapping[str, Any], seen: Seen, asking: Asking, sayings: Sayings) -> dict[str, Any]:
    figure, shows = seen.figures[str(line["id"])], sayings.promise.shows
    before = instant(line.get(shows["as of"])) if "as of" in shows else None
    product = str((line.get(sayings.promise.line.product) or {}).get("id", ""))
    shown, age = _cached(product, seen, asking)
    return {
        "item": figure.name, "quantity": figure.quantity, "status": figure.status, "promised": figure.promised,
        "available": figure.available, "reserved": figure.reserved, "lead time": figure.lead_time,
        "before": before_in_words(figure), "line said": amount(line.get(shows.get("available", ""))),
        "line's age": None if before is None else seen.now - before,
        "product said": shown, "product's age": age,
    }  # fmt: skip


def _cached(product: str, seen: Seen, asking: Asking) -> tuple[Any, timedelta | None]:
    """What the CRM shows at the product, and for how long: as history has it by our clock, else since the product was modified by the CRM's."""
    row = seen.products.get(product)
    if row is None:
        return None, None
    entity, item = seen.linked.get(product, ("", ""))
    rules = asking.promise.fields(asking.rules, asking.promise.stock.available)
    rule = rules[entity or asking.promise.stock.products[0]]
    link = asking.ledger.links_of(entity, HERE, "inventory", [product]).get(product) if entity and item else None
    set_ = asking.ledger.as_of(link.link, rule.name, system=HERE) if link else None
    modified = instant(row.get("Modified_Time"))
    age = datetime.now(UTC) - set_.since if set_ else seen.now - modified if modified else None
    return amount(row.get(rule.sides[HERE].field)), age


def stale_lines(seen: Seen, sayings: Sayings) -> list[dict[str, Any]]:
    """Lines of open quotes whose stock or price is another than the customer was told."""
    found = []
    for one in seen.documents:
        for line in one.lines if one.id in seen.opened else ():
            figure = seen.figures[str(line["id"])]
            words, told = sayings.moved(line, figure), sayings.told(line)
            if words and told is not None:
                found.append({
                    "quote": one.number, "item": figure.name, "told": told.units, "now": figure.promised,
                    "price_told": told.price, "price_now": figure.price, "told_at": told.at, "moved": " and ".join(words),
                })  # fmt: skip
    return found
