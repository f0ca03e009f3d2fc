# ruff: noqa: EM101 - `raise invalid(name)` names a field, the words are in `answers`
"""Lists: filters, sorting, pages ("Pagination" of Inventory and Books)."""

from __future__ import annotations

import operator
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple, cast

from ofrecord_sandbox.finance import custom, kept
from ofrecord_sandbox.finance.answers import invalid, unknown
from ofrecord_sandbox.finance.declare import BOOKS, EVERY_LIST, Resource
from ofrecord_sandbox.finance.doubts import doubts
from ofrecord_sandbox.finance.values import day, day_of, dec, moment, number
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

PER_PAGE = 200
_KEPT_LISTS = 64
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TIMES = {"created_time": "_created", "last_modified_time": "_modified"}
_MODIFIED_DOCUMENTED = {"items", "compositeitems"}
_UNNAMED_IN_BOOKS = {"contacts", "items", "customerpayments"}
_UNPAID = {"sent", "open", "overdue", "partially_paid"}
Test = Callable[[Record], bool]


def answer(world: World, request: Request, resource: Resource, door: str) -> Response:
    """One page of a collection. Wider `per_page` than 200 is clamped (UNVERIFIED); unknown parameters are refused."""
    query = request.query
    page = _count(query, "page", 1)
    per_page = min(_count(query, "per_page", PER_PAGE), PER_PAGE)
    column, order = query.get("sort_column", resource.sort[0]), query.get("sort_order", resource.sort[1])
    if column not in resource.sorts or order not in ("A", "D"):
        raise invalid("sort_column" if order in ("A", "D") else "sort_order")
    found = _found(world, query, resource, door)
    first = found.start + (page - 1) * per_page
    table, shelf = resource.table(world), kept.shelf(world, f"row {resource.collection} {door}")
    rows = []
    for key in found.ids[first : min(first + per_page, found.stop)]:
        shown = shelf.get(key)
        if shown is None:
            shown = shelf[key] = row(world, resource, table.rows[key], door)
        rows.append(shown)
    context = {
        "page": page,
        "per_page": per_page,
        "has_more_page": first + per_page < found.stop,
        "report_name": resource.report,
        "applied_filter": query.get("filter_by", "Status.All"),
        "sort_column": column,
        "sort_order": order,
    }
    return Response(
        200, {"code": 0, "message": "success", resource.list_key or resource.collection: rows, "page_context": context}
    )


def row(world: World, resource: Resource, record: Record, door: str) -> dict[str, Any]:
    """A list row: the declared columns, derived ones, the status as this door words it."""
    shown = {resource.id_key: record[resource.id_key]}
    for column in resource.row:
        shown[column] = record.get(column, "")
    shown.update(resource.derive(world, record))
    if "status" in resource.row:
        shown["status"] = status_at(world, resource, record, door)
    if resource.module:
        shown["custom_field_hash"] = custom.hashed(record)
    return resource.as_row(shown)


def status_at(world: World, resource: Resource, record: Record, door: str) -> str:
    """The status in the words of a door: a confirmed order is `open` in Books."""
    status = resource.status(world, record)
    return resource.spoken.get(door, {}).get(status, status)


class Found(NamedTuple):
    """Ids that pass, in order: a part of a list that may be shared (do not change it)."""

    ids: list[str]
    start: int
    stop: int


def _found(world: World, query: dict[str, str], resource: Resource, door: str) -> Found:
    """Ids that pass, in order; kept until anything of finance or the date changes."""
    key = f"{sorted(pair for pair in query.items() if pair[0] not in ('page', 'per_page'))}"
    shelf = kept.shelf(world, f"found {resource.collection} {door}", _KEPT_LISTS)
    if key not in shelf:
        shelf[key] = _sought(world, query, resource, door)
    return cast("Found", shelf[key])


def _sought(world: World, query: dict[str, str], resource: Resource, door: str) -> Found:
    column, order = query.get("sort_column", resource.sort[0]), query.get("sort_order", resource.sort[1])
    since, rest = query.get("last_modified_time", ""), query
    by_time = column == "last_modified_time" and bool(since) and _has_modified(resource, door)
    if by_time and not _of_the_day(resource):
        rest = {name: value for name, value in query.items() if name != "last_modified_time"}
    tests = _tests(world, rest, resource, door)
    ids, ranks = _ordered(world, resource, column, order)
    found = Found(ids, 0, len(ids))
    if rest is not query:
        second = moment("last_modified_time", since)
        cut = bisect_left if doubts.modified_filter_inclusive else bisect_right
        older = cut(ranks, (0, second))
        found = Found(ids, older, len(ids)) if order == "A" else Found(ids, 0, len(ids) - older)
    if not tests:
        return found
    rows = resource.table(world).rows
    passed = [key for key in ids[found.start : found.stop] if all(test(rows[key]) for test in tests)]
    return Found(passed, 0, len(passed))


def _ordered(world: World, resource: Resource, column: str, order: str) -> tuple[list[str], list[Any]]:
    """All ids of a collection in the order of a column, and the ranks in rising order; kept as long as `_found` is."""
    shelf = kept.shelf(world, f"ordered {resource.collection}", _KEPT_LISTS)
    name = f"{column} {order}"
    if name not in shelf:
        rank = _rank(world, resource, column)
        members = [record for record in resource.table(world).rows.values() if resource.member(record)]
        members.sort(key=itemgetter(resource.id_key))
        pairs = [(rank(record), record[resource.id_key]) for record in members]
        pairs.sort(key=itemgetter(0), reverse=order == "D")
        ranks = [pair[0] for pair in pairs]
        shelf[name] = ([pair[1] for pair in pairs], ranks if order == "A" else ranks[::-1])
    return cast("tuple[list[str], list[Any]]", shelf[name])


def _rank(world: World, resource: Resource, column: str) -> Callable[[Record], tuple[int, Any]]:
    stored = _TIMES.get(column, column)
    computed = column in ("stock_on_hand", "status")

    def rank(record: Record) -> tuple[int, Any]:
        value = record.get(stored, "")
        if computed:
            value = (
                resource.derive(world, record).get(column, "") if column != "status" else resource.status(world, record)
            )
        if isinstance(value, str):
            return (1, value.casefold())
        return (0, value)

    return rank


def _tests(world: World, query: dict[str, str], resource: Resource, door: str) -> list[Test]:
    tests: list[Test] = []
    for name, wanted in query.items():
        if name in EVERY_LIST:
            continue
        if name == "last_modified_time" and _has_modified(resource, door):
            tests.append(_modified(wanted, resource))
        elif name == "status" and "status" in resource.row:
            tests.append(_status(world, resource, door, wanted))
        elif name == "last_modified_time" and door == BOOKS and resource.collection in _UNNAMED_IN_BOOKS:
            continue
        elif name in resource.filters:
            tests += _declared(name, wanted, resource, door)
        elif door not in resource.silent:
            raise unknown(name)
    if "filter_by" in query:
        tests += _filter_by(world, resource, door, query["filter_by"])
    if query.get("search_text"):
        needle = query["search_text"].casefold()
        tests.append(lambda record: any(needle in str(record.get(c, "")).casefold() for c in resource.search))
    return tests


def _declared(name: str, wanted: str, resource: Resource, door: str) -> list[Test]:
    """A filter by a column; nothing when only the other door documents it."""
    column, sign = resource.filters[name]
    if column not in resource.deaf.get(door, ()):
        return [_filter(name, column, sign, wanted)]
    if not doubts.other_doors_filters_ignored:
        raise unknown(name)
    return []


def _has_modified(resource: Resource, door: str) -> bool:
    if ("last_modified_time" not in resource.sorts and not resource.since) or (
        door in resource.blind and doubts.undocumented_modified_ignored
    ):
        return False
    if door == BOOKS:
        return doubts.books_modified_filter or resource.collection not in _UNNAMED_IN_BOOKS
    return resource.collection in _MODIFIED_DOCUMENTED or doubts.inventory_modified_filter


def _of_the_day(resource: Resource) -> bool:
    return resource.collection == "journals" and doubts.journals_modified_on_the_day


def _modified(wanted: str, resource: Resource) -> Test:
    since = moment("last_modified_time", wanted)
    if _of_the_day(resource):
        that_day = day_of(since)
        return lambda record: day_of(record["_modified"]) == that_day
    if doubts.modified_filter_inclusive:
        return lambda record: record["_modified"] >= since
    return lambda record: record["_modified"] > since


def _status(world: World, resource: Resource, door: str, wanted: str) -> Test:
    words = wanted.casefold()
    if words == "unpaid":
        return lambda record: status_at(world, resource, record, door) in _UNPAID
    return lambda record: status_at(world, resource, record, door).casefold() == words


def _filter_by(world: World, resource: Resource, door: str, wanted: str) -> list[Test]:
    group, _, value = wanted.partition(".")
    if not value:
        raise invalid("filter_by")
    if value == "All":
        return []
    meant = resource.grouped.get(group)
    if meant is not None:
        return [lambda record: meant(world, record, value)]
    if group == "Status" and "status" in resource.row:
        if value == "Lowstock":
            return [lambda record: _low(world, resource, record)]
        return [
            _status(world, resource, door, {"OverDue": "overdue", "PartiallyPaid": "partially_paid"}.get(value, value))
        ]
    if group == "SalesOrPurchaseType":
        return [lambda record: str(record.get("sales_or_purchase_type", "")).casefold() == value.casefold()]
    if group == "ComboType" and "combo_type" in resource.row:
        return [lambda record: str(record["combo_type"]).casefold() == value.casefold()]
    if group == "ItemType":
        return [lambda record: str(record.get("item_type", "")).replace("_", "") == value.casefold()]
    if door in resource.silent:
        return []
    raise invalid("filter_by")


def _low(world: World, resource: Resource, record: Record) -> bool:
    level = record.get("reorder_level", "")
    return level != "" and dec(resource.derive(world, record).get("stock_on_hand")) <= dec(level)


def _filter(name: str, column: str, sign: str, wanted: str) -> Test:
    folded = wanted.casefold()
    if sign == "is":
        return lambda record: str(record.get(column, "")).casefold() == folded
    if sign == "in":
        several = frozenset(wanted.split(","))
        return lambda record: record.get(column) in several
    if sign == "starts":
        return lambda record: str(record.get(column, "")).casefold().startswith(folded)
    if sign == "ends":
        return lambda record: str(record.get(column, "")).casefold().endswith(folded)
    if sign == "has":
        return lambda record: folded in str(record.get(column, "")).casefold()
    if sign.startswith("day"):
        bound, compare = day(name, wanted), _SIGNS[sign[3:]]
        return lambda record: record.get(column, "") != "" and compare(record[column], bound)
    limit, test = dec(number(name, wanted)), _SIGNS[sign]
    return lambda record: record.get(column, "") != "" and test(dec(record[column]), limit)


def _count(query: dict[str, str], name: str, default: int) -> int:
    given = query.get(name)
    if given is None:
        return default
    if not given.isdecimal() or int(given) < 1:
        raise invalid(name)
    return int(given)
