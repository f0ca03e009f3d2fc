"""Custom views: the records of one, and those that left it.

A view is read whole in every run, because a record enters and leaves it without being written, and only what differs from what
was delivered is written. Source: Zoho CRM v8 docs, "Get Records", "Custom Views": `cvid` takes no `sort_by` and costs 3 credits a
call; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

from ofrecord_kit.ahead import Call, ahead
from ofrecord_kit.errors import BadSettings
from ofrecord_kit.http import Client
from ofrecord_kit.tap.crm_pages import ListPages, crm_numbered_pages
from ofrecord_kit.tap.known import Known
from ofrecord_kit.tap.pages import Page, rows_under, text_of, value_of
from ofrecord_kit.vendors import crm

IN_VIEW_SCHEMA = {
    "type": ["boolean", "null"],
    "description": "Whether the record is in the custom view that is read; false for one that left it. Empty for deleted records only.",
}
_AT_ONCE = 100


def view_id(client: Client, module: str, said: str) -> str:
    """The id of a view, by its id or one of its names. One call.

    Raises:
        BadSettings: there is no such view, or several of that name; it names the choices.
    """
    pages = crm_numbered_pages(client, f"{crm.ROOT}/settings/custom_views", {"module": module}, rows="custom_views")
    views = [row for page in pages for row in page.rows]
    names = ("id", "name", "display_value", "system_name")
    found = sorted({text_of(one, "id") for one in views if said in {text_of(one, name) for name in names}})
    if len(found) == 1:
        return found[0]
    choices = ", ".join(sorted(f"{value_of(one, 'name')} ({text_of(one, 'id')})" for one in views)) or "none"
    wrong = "there is no such view" if not found else "several views have that name"
    raise BadSettings([f"views.{module}: {wrong}. Choose from {choices}."], where="tap-crm settings")


def members(lister: ListPages, known: Known) -> Iterator[Page]:
    """Records of the view, page by page; `known` is told their ids."""
    known.forget_seen()
    for page in lister.chained():
        known.saw(text_of(row, "id") for row in page.rows)
        yield page


def left(client: Client, lister: ListPages, known: Known) -> Iterator[Page]:
    """Known records that are in the view no more, after `members`. Those that are gone altogether are not among them.

    A list that has no order may skip one where another moved, so who is missing is looked for once more.
    """
    if next(known.missing(), None) is not None:
        again = ListPages(client, lister.path, ["id"], lister.params, {})
        for page in again.chained():
            known.saw(text_of(row, "id") for row in page.rows)
    missing = known.missing()
    while some := list(islice(missing, _AT_ONCE)):
        yield _there(client, lister.path, some)
    known.forget_seen()


def _there(client: Client, path: str, ids: Sequence[str]) -> Page:
    asked: dict[str, str | int] = {"ids": ",".join(ids), "fields": "id,Modified_Time", "per_page": crm.PER_PAGE}
    (answer,) = ahead(client, [Call(path, asked, decoder=rows_under("data"))])
    return Page((answer.body or {}).get("data") or [], answer.read_at or datetime.now(UTC))
