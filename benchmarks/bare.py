"""What one writes without this project: the loops our programs are measured against.

`bare.py pages PATH LIST [--raw]` reads all pages of a vendor's list with `requests`, parses them with `json` and prints one line for
each record; with `--raw` it only receives the bytes, which is all the sandbox can give. `bare.py lines [--msgspec]` copies
Singer lines from standard input to standard output through `json`, or `msgspec`.
"""

import json
import os
import sys
from collections.abc import Iterator

import msgspec
import requests

TIMEOUT_S = 60


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


if __name__ == "__main__":
    if sys.argv[1] == "lines":
        lines_by_msgspec() if "--msgspec" in sys.argv else lines()
    else:
        pages(sys.argv[2], sys.argv[3], raw="--raw" in sys.argv)
