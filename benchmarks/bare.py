"""What one writes without this project: the loops our programs are measured against.

`bare.py pages PATH LIST [--raw]` reads all pages of a vendor's list with `requests`, parses them with `json` and prints one line for
each record; with `--raw` it only receives the bytes, which is all the sandbox can give. `bare.py lines [--msgspec]` copies
Singer lines from standard input to standard output through `json`, or `msgspec`. `bare.py write create|nothing|change IDS` reads the lines of
target-crm and makes the calls that it makes for them: `create` looks each record up twice and keeps the ids in the file IDS, `change`
reads the records and writes one field, `nothing` only reads the lines.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import requests

TIMEOUT_S = 60
PER_CALL = 100


def session() -> requests.Session:
    """A connection with a token."""
    made = requests.Session()
    names = ("client_id", "client_secret", "refresh_token")
    form = {name: os.environ[f"OFRECORD_{name.upper()}"] for name in names}
    accounts = os.environ["OFRECORD_ACCOUNTS_URL"]
    answer = made.post(f"{accounts}/oauth/v2/token", data={**form, "grant_type": "refresh_token"}, timeout=TIMEOUT_S)
    made.headers["Authorization"] = f"Zoho-oauthtoken {answer.json()['access_token']}"
    return made


def bodies(path: str) -> Iterator[bytes]:
    """The body of each page. Whether more follow is read from the end of the text, so that raw reading stays raw."""
    query = {"per_page": "200"}
    if path.startswith("/crm/"):
        path, _, query["fields"] = path.partition("?fields=")
    else:
        query["organization_id"] = os.environ["OFRECORD_ORGANIZATION_ID"]
    connection = session()
    url = os.environ["OFRECORD_API_URL"] + path
    page = 1
    while True:
        place = {} if "page_token" in query else {"page": str(page)}
        answer = connection.get(url, params=query | place, timeout=TIMEOUT_S)
        yield answer.content
        tail = answer.content[-2000:].replace(b" ", b"")
        if b'"has_more_page":true' not in tail and b'"more_records":true' not in tail:
            return
        page += 1
        token = tail.partition(b'"next_page_token":"')[2].partition(b'"')[0].decode()
        if token:
            query["page_token"] = token


def pages(path: str, key: str, *, raw: bool) -> None:
    """Records of a list, one line each."""
    sys.stdout.write("{}\n")
    sys.stdout.flush()
    for body in bodies(path):
        if raw:
            continue
        for record in json.loads(body)[key]:
            sys.stdout.write(json.dumps(record) + "\n")


def lines() -> None:
    """Every line decoded and encoded again."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(json.loads(line)) + "\n")


def lines_by_msgspec() -> None:
    """The same with the fastest decoder there is: what is left is the price of Python and of copying."""
    decode, encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode
    write = sys.stdout.buffer.write
    for line in sys.stdin.buffer:
        write(encode(decode(line)) + b"\n")


def write(calls: str, place: Path) -> None:
    """Records to the CRM, a hundred a call."""
    connection = session()
    root = f"{os.environ['OFRECORD_API_URL']}/crm/v8"
    known = json.loads(place.read_text()) if calls == "change" else {}
    rows: list[dict[str, Any]] = []
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] != "RECORD":
            continue
        rows.append({name: value for name, value in message["record"].items() if name != "_ofrecord"})
        if len(rows) == PER_CALL:
            write_some(connection, root, calls, rows, known)
            rows = []
    if rows:
        write_some(connection, root, calls, rows, known)
    if calls == "create":
        place.write_text(json.dumps(known))


def write_some(
    connection: requests.Session, root: str, calls: str, rows: list[dict[str, Any]], known: dict[str, str]
) -> None:
    """What target-crm calls for a hundred records."""
    if calls == "create":
        for field in ("Inventory_ID", "Product_Code"):
            values = ", ".join(f"'{row[field]}'" for row in rows)
            query = f"select id, {field} from Products where {field} in ({values}) limit 0, 2000"  # noqa: S608 - COQL of our own codes
            answer = connection.post(f"{root}/coql", json={"select_query": query}, timeout=TIMEOUT_S)
            found = answer.json()["data"] if answer.content else []
            if found:
                sys.exit("records are there already")
        body = {"data": rows, "duplicate_check_fields": ["Inventory_ID"], "trigger": []}
        results = connection.post(f"{root}/Products/upsert", json=body, timeout=TIMEOUT_S).json()["data"]
        known.update((row["Inventory_ID"], one["details"]["id"]) for row, one in zip(rows, results, strict=True))
    elif calls == "change":
        ids = [known[row["Inventory_ID"]] for row in rows]
        asked = {"ids": ",".join(ids), "fields": ",".join([*rows[0], "Modified_Time", "Created_Time", "Modified_By"])}
        there = connection.get(f"{root}/Products", params=asked, timeout=TIMEOUT_S).json()["data"]
        changed = [
            {"id": one["id"], "Unit_Price": row["Unit_Price"]}
            for row, one in zip(rows, there, strict=True)
            if row["Unit_Price"] != one["Unit_Price"]
        ]
        answer = connection.put(f"{root}/Products", json={"data": changed, "trigger": []}, timeout=TIMEOUT_S)
        if any(one["status"] != "success" for one in answer.json()["data"]):
            sys.exit("refused")


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(sys.argv[2], Path(sys.argv[3]))
    elif sys.argv[1] == "lines":
        lines_by_msgspec() if "--msgspec" in sys.argv else lines()
    else:
        pages(sys.argv[2], sys.argv[3], raw="--raw" in sys.argv)
