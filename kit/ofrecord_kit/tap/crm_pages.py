"""Pages of the CRM's lists: page tokens, batches of fields.

A page is read when it is asked for, never earlier, so that stopping early costs nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from ofrecord_kit.http import Client, Params
from ofrecord_kit.tap.pages import Page, Row
from ofrecord_kit.vendors import crm


def crm_pages(
    client: Client, path: str, params: Params | None = None, headers: Mapping[str, str] | None = None
) -> Iterator[Page]:
    """Pages of a CRM list, chained by page token; every parameter stays the same within a chain.

    204 (nothing there) and 304 (nothing new) give one page without rows. Source: Zoho CRM v8, "Get Records".
    """
    asked: dict[str, str | int] = {**(params or {}), "per_page": crm.PER_PAGE}
    while True:
        answer = client.get(path, params=asked, headers=headers)
        body = answer.body or {}
        yield Page(body.get("data") or [], answer.read_at)
        info = body.get("info") or {}
        if not info.get("more_records") or not info.get("next_page_token"):
            return
        asked["page_token"] = info["next_page_token"]


def crm_numbered_pages(
    client: Client, path: str, params: Params | None = None, headers: Mapping[str, str] | None = None
) -> Iterator[Page]:
    """Pages of a CRM list that has no page tokens, such as the list of deleted records."""
    for number in itertools.count(1):
        asked = {**(params or {}), "page": number, "per_page": crm.PER_PAGE}
        answer = client.get(path, params=asked, headers=headers)
        body = answer.body or {}
        yield Page(body.get("data") or [], answer.read_at)
        if not (body.get("info") or {}).get("more_records"):
            return


def field_batches(fields: Sequence[str], always: Sequence[str]) -> list[list[str]]:
    """`fields` in batches the CRM accepts (50 names), each beginning with `always`.

    >>> [len(batch) for batch in field_batches([f"F{n}" for n in range(98)], ["id"])]
    [50, 50]
    """
    room = crm.FIELDS_A_CALL - len(always)
    rest = [name for name in fields if name not in always]
    batches = [[*always, *rest[start : start + room]] for start in range(0, len(rest), room)]
    return batches or [list(always)]


def joined_pages(
    client: Client,
    path: str,
    fields: Sequence[str],
    params: Params | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[Page]:
    """Pages with any number of fields: one chain of tokens for each batch of 50, joined on `id`.

    A row that changed place between two chains and is missing from one is read by itself.
    """
    batches = field_batches(fields, ("id", "Modified_Time"))
    asked = [{**(params or {}), "fields": ",".join(batch)} for batch in batches]
    more: dict[str, list[Row]] = {}
    for one in asked[1:]:
        for page in crm_pages(client, path, one, headers):
            for row in page.rows:
                more.setdefault(row["id"], []).append(row)
    for page in crm_pages(client, path, asked[0], headers):
        for row in page.rows:
            parts = more.get(row["id"], [])
            consistent = all(part["Modified_Time"] == row["Modified_Time"] for part in parts)
            if len(parts) < len(batches) - 1 or not consistent:
                parts = (client.get(f"{path}/{row['id']}").body or {}).get("data") or parts
            for part in parts:
                row.update(part)
        yield page
