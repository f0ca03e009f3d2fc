"""Calls of an address outside, which is a secret."""

from __future__ import annotations

import json
import logging

import pytest

from ofrecord_kit.webhook import NotHeard, call, what_is_wrong_with


def told(vendor, timeout_s: float = 5) -> None:
    call(f"{vendor.url}/hooks/secret-path", {"number": "SO-1"}, "abc", timeout_s=timeout_s, agent="ofrecord")


def test_a_message_goes_out_once_under_its_id_and_nothing_of_the_address_is_logged(vendor, caplog):
    caplog.set_level(logging.DEBUG)
    told(vendor)
    [one] = vendor.seen
    assert (one.method, one.path, one.headers["idempotency-key"]) == ("POST", "/hooks/secret-path", "abc")
    assert json.loads(one.body) == {"number": "SO-1"}
    assert "secret-path" not in caplog.text


@pytest.mark.parametrize("status", [301, 400, 404, 429, 500, 503])
def test_any_other_answer_than_2xx_was_not_heard_and_is_followed_nowhere(vendor, status):
    vendor.will_answer((status, {}, {"Location": f"{vendor.url}/elsewhere"}))
    with pytest.raises(NotHeard, match=f"^status {status}$"):
        told(vendor)
    assert [one.path for one in vendor.seen] == ["/hooks/secret-path"]


def test_a_connection_that_breaks_and_an_answer_that_does_not_come_are_told_without_the_address(vendor):
    vendor.will_answer((0, None))
    with pytest.raises(NotHeard, match=r"^no answer \(\w+\)$"):
        told(vendor)
    vendor.delay_s = 0.5
    vendor.will_answer((200, {}))
    with pytest.raises(NotHeard, match=r"^no answer \(ReadTimeout\)$"):
        told(vendor, timeout_s=0.05)


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        ("https://hooks.example.com/x", None),
        ("http://localhost:1/x", None),
        ("http://[::1]/x", None),
        ("http://hooks.example.com/x", "the address is not https, and not on this machine"),
        ("hooks.example.com", "the address is none"),
        ("ftp://hooks.example.com", "the address is none"),
        ("https://[half", "the address is none"),
        ("https://example.com:port/", "the address is none"),
    ],
)
def test_only_https_is_called_and_this_machine(address, wrong):
    assert what_is_wrong_with(address) == wrong
