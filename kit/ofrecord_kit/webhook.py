"""A call of an address outside, that somebody gave in the environment: its path may be a secret, so nothing ever quotes it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import requests

from ofrecord_kit.answers import encode_body
from ofrecord_kit.surroundings import Session

_CONNECT_S = 10.0
_FINE = range(200, 300)


class NotHeard(Exception):  # noqa: N818 - named for what it is
    """The call failed, in words without the address. It may have been heard all the same."""


def call(address: str, message: Mapping[str, Any], identity: str, *, timeout_s: float, agent: str) -> None:
    """POST a message in JSON under its id (`Idempotency-Key`). Redirects are not followed.

    Raises:
        NotHeard: the address is none to call, nobody answered in time, or the answer was no 2xx.
    """
    if (wrong := what_is_wrong_with(address)) is not None:
        raise NotHeard(wrong)
    logging.getLogger("urllib3").setLevel(logging.INFO)  # its DEBUG lines quote paths
    headers = {"Content-Type": "application/json", "Idempotency-Key": identity, "User-Agent": agent}
    try:
        with Session({}) as session:
            answer = session.post(
                address, data=encode_body(message), headers=headers, timeout=(_CONNECT_S, timeout_s),
                allow_redirects=False, stream=True,
            )  # fmt: skip
            answer.close()
    except requests.RequestException as error:
        words = f"no answer ({type(error).__name__})"
        raise NotHeard(words) from None
    if answer.status_code not in _FINE:
        words = f"status {answer.status_code}"
        raise NotHeard(words)


def what_is_wrong_with(address: str) -> str | None:
    """Why an address is not called; None when it may be.

    >>> what_is_wrong_with("https://hooks.example.com/x"), what_is_wrong_with("http://127.0.0.1:8000/x")
    (None, None)
    >>> what_is_wrong_with("http://hooks.example.com/x")
    'the address is not https, and not on this machine'
    """
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "the address is none"
    if parts.scheme not in {"http", "https"} or not host:
        return "the address is none"
    return None if parts.scheme == "https" or _is_here(host) else "the address is not https, and not on this machine"


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
