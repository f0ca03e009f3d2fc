"""One retry policy, clear errors, decimals, no secrets."""

import gzip
import logging
import re
from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest

from ofrecord_kit import errors, exchange
from ofrecord_kit.http import Client, RetryPolicy, encode_body
from ofrecord_kit.limits import calls_of_run
from ofrecord_kit.settings import Connection
from ofrecord_kit.vendors import crm

SECRETS = ("planted-secret", "planted-refresh", "1000.fresh.token", "planted body")


def test_numbers_with_a_point_arrive_as_decimals_and_whole_ones_as_integers(vendor, client_of):
    vendor.will_answer((200, b'{"data":[{"price":12.10,"count":3}]}'))
    row = client_of("crm").get("/crm/v8/Products").body["data"][0]
    assert row == {"price": Decimal("12.10"), "count": 3}
    assert isinstance(row["price"], Decimal)


class Page(msgspec.Struct):
    """A page as a caller may want it."""

    data: list[msgspec.Raw] = []


class Judged(Page):
    """The same, with what says whether it is one."""

    code: int | str | None = None


@pytest.mark.parametrize("shape", [Page, Judged])
def test_a_caller_gets_the_body_in_the_shape_it_asks_for(vendor, client_of, shape):
    vendor.will_answer((200, b'{"data":[{"price":12.10}],"more":1}'))
    body = client_of("crm").get("/crm/v8/Products", decoder=msgspec.json.Decoder(shape)).body
    assert [bytes(row) for row in body.data] == [b'{"price":12.10}']


@pytest.mark.parametrize("shape", [Page, Judged])
@pytest.mark.parametrize("status", [200, 400])
def test_a_refusal_is_one_whatever_shape_was_asked_for(vendor, client_of, shape, status):
    vendor.will_answer((status, {"code": 1002, "message": "Item does not exist."}))
    with pytest.raises(errors.VendorRefusal, match="1002"):
        client_of("inventory").get("/inventory/v1/items/0", decoder=msgspec.json.Decoder(shape))


def test_a_body_of_another_shape_than_asked_for_is_said_so(vendor, client_of):
    vendor.will_answer((200, {"data": {"id": "1"}}))
    with pytest.raises(errors.VendorBusy, match="of another shape"):
        client_of("crm").get("/crm/v8/Products", decoder=msgspec.json.Decoder(Page))


def test_decimals_leave_in_plain_notation():
    assert encode_body({"a": Decimal("1.25E+3"), "b": [Decimal("0.10")]}) == b'{"a":1250,"b":[0.10]}'
    assert encode_body({"a": "1E5 is a text", "b": Decimal("1E+2")}) == b'{"a":"1E5 is a text","b":100}'


def test_the_token_travels_in_the_vendors_own_header_form(vendor, client_of):
    client_of("crm").get("/crm/v8/Products")
    assert vendor.calls()[0].headers["authorization"] == "Zoho-oauthtoken 1000.fresh.token"


def test_finance_paths_carry_the_organization_and_a_plus_is_encoded(vendor, client_of):
    client_of("inventory").get("/inventory/v1/items", params={"last_modified_time": "2026-01-01T00:00:00+0000"})
    call = vendor.calls()[0]
    assert call.query["organization_id"] == "700001"
    assert "%2B0000" in call.raw_query


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_content_has_no_body(vendor, client_of, status):
    vendor.will_answer((status, None))
    answer = client_of("crm").get("/crm/v8/Products")
    assert (answer.status, answer.body) == (status, None)


@pytest.mark.parametrize("failure", [(500, {}), (503, None), (0, None), (200, b'{"cut')])
def test_a_read_is_repeated_until_it_is_answered(vendor, client_of, failure):
    vendor.will_answer(failure, failure, (200, {"data": [{"id": "0"}]}))
    assert client_of("crm").get("/crm/v8/Products").body == {"data": [{"id": "0"}]}
    assert len(vendor.calls()) == 3


@pytest.mark.parametrize("failure", [(500, {}), (0, None), (200, b'{"cut')])
def test_a_create_whose_answer_is_lost_is_doubtful_and_never_sent_twice(vendor, client_of, failure):
    vendor.will_answer(failure)
    with pytest.raises(errors.Doubtful, match="Look the record up"):
        client_of("inventory").send("POST", "/inventory/v1/items", json={"name": "x"})
    assert len(vendor.calls()) == 1


@pytest.mark.parametrize(
    ("system", "path", "body"),
    [
        ("crm", "/crm/v8/Products", {"code": "TOO_MANY_REQUESTS", "message": "wait", "status": "error"}),
        ("inventory", "/inventory/v1/items", {"code": 44, "message": "blocked"}),
        ("books", "/books/v3/invoices", {"code": 1070, "message": "in process"}),
    ],
)
def test_a_create_refused_for_load_is_sent_again(vendor, client_of, system, path, body):
    vendor.will_answer((429, body), (201, {"code": 0, "data": []}))
    assert client_of(system).send("POST", path, json={}).status == 201


def test_attempts_are_bounded(vendor, client_of):
    vendor.will_answer((503, None))
    with pytest.raises(errors.VendorBusy, match="after 6 attempts"):
        client_of("crm").get("/crm/v8/Products")
    assert len(vendor.calls()) == 6


def test_waits_grow_with_jitter_and_respect_the_vendors_advice():
    policy = RetryPolicy(first_wait_s=2)
    assert 1 <= policy.wait_s(1) <= 2
    assert 8 <= policy.wait_s(4) <= 16
    assert policy.wait_s(20) <= 60
    assert policy.wait_s(1, advised_s=37) == 37
    assert RetryPolicy(first_wait_s=0).wait_s(3, advised_s=60) == 0


def test_a_refused_token_is_renewed_once(vendor, client_of):
    client = client_of("crm")
    client.get("/crm/v8/Products")
    vendor.will_grant((200, {"access_token": "1000.second.token", "expires_in": 3600}))
    vendor.will_answer((401, {"code": "INVALID_TOKEN", "status": "error"}), (200, {"data": []}))
    client.get("/crm/v8/Products")
    used = [call.headers["authorization"].split(".")[1] for call in vendor.calls()]
    assert used == ["fresh", "fresh", "second"]
    assert len(vendor.token_calls()) == 2


@pytest.mark.parametrize(
    ("system", "status", "body", "kind", "words"),
    [
        ("crm", 401, {"code": "INVALID_TOKEN", "status": "error"}, errors.WrongDataCentre, "data centre"),
        ("crm", 401, {"code": "OAUTH_SCOPE_MISMATCH", "status": "error"}, errors.PermissionMissing, "Grant the scope"),
        ("crm", 403, {"code": "NO_PERMISSION", "status": "error"}, errors.PermissionMissing, "Grant the scope"),
        ("inventory", 401, {"code": 57, "message": "no"}, errors.PermissionMissing, "Grant the scope"),
        ("inventory", 400, {"code": 6041, "message": "no"}, errors.WrongOrganization, "Correct organization_id"),
        ("inventory", 429, {"code": 45, "message": "no"}, errors.DailyLimit, "Run again tomorrow"),
        ("books", 500, {"code": 45, "message": "no"}, errors.DailyLimit, "Run again tomorrow"),
    ],
)
def test_each_reason_to_stop_has_its_own_clear_text(vendor, client_of, system, status, body, kind, words):  # noqa: PLR0917
    vendor.will_answer((status, body))
    with pytest.raises(kind, match=words) as stopped:
        client_of(system).get(f"/{'crm/v8/Products' if system == 'crm' else 'inventory/v1/items'}")
    assert not any(secret in str(stopped.value) for secret in SECRETS)


def test_a_finance_error_is_raised_even_when_the_status_is_200(vendor, client_of):
    vendor.will_answer((200, {"code": 1002, "message": "Item does not exist."}))
    with pytest.raises(errors.VendorRefusal, match=r"refused \[1002\]") as refused:
        client_of("inventory").get("/inventory/v1/items/0")
    assert (refused.value.code, refused.value.http_status, refused.value.is_missing) == ("1002", 200, True)


def test_a_refusal_names_the_field_the_crm_blames(vendor, client_of):
    details = {"api_name": "Email", "expected_data_type": "email"}
    vendor.will_answer(
        (400, {"code": "INVALID_DATA", "details": details, "message": "invalid data", "status": "error"})
    )
    with pytest.raises(errors.VendorRefusal, match="field Email") as refused:
        client_of("crm").get("/crm/v8/Contacts/123456")
    assert "{id}" in str(refused.value)
    assert "123456" not in str(refused.value)


def test_errors_of_single_records_are_returned_not_raised(vendor, client_of):
    vendor.will_answer((400, {"data": [{"code": "INVALID_DATA", "status": "error"}]}))
    answer = client_of("crm").send("POST", "/crm/v8/Products", json={"data": [{}]})
    assert answer.body["data"][0]["code"] == "INVALID_DATA"


def test_nothing_at_the_address_ends_in_one_message(connection, client_of, vendor):
    client_of("crm").get("/crm/v8/Products")  # a token is at hand
    config = {name: getattr(connection, name) for name in Connection.__slots__}
    gone = Connection.from_config({**config, "api_url": "http://127.0.0.1:1", "state_dir": str(connection.state_dir)})
    with Client(gone, system="crm", plugin="test") as client, pytest.raises(errors.NotReachable, match="make sandbox"):
        client.get("/crm/v8/Products")


def test_calls_are_counted_by_run_plugin_and_system(connection, vendor, client_of):
    vendor.will_answer((503, None), (200, {"data": []}))
    client = client_of("crm")
    client.get("/crm/v8/Products")
    client.close()
    found = {(one.plugin, one.system): one.calls for one in calls_of_run(connection.state_dir, "run-1")}
    assert found == {("test", "crm"): 2, ("test", "accounts"): 1}
    assert calls_of_run(connection.state_dir, "another") == []


def test_a_log_line_has_no_values(vendor, client_of, caplog):
    caplog.set_level(logging.DEBUG, logger="ofrecord_kit")
    client_of("crm").send("PUT", "/crm/v8/Products/4711", params={"email": "a@b.example"}, json={"x": "planted body"})
    lines = [line for line in caplog.messages if "system=crm" in line]
    assert len(lines) == 1
    assert "path=/crm/v8/Products/{id} status=200" in lines[0]
    assert not any(secret in line for line in caplog.messages for secret in (*SECRETS, "a@b.example", "4711"))


def test_a_file_is_uploaded_as_a_form(vendor, client_of):
    files = {"file": ("order.pdf", b"%PDF", "application/pdf")}
    client_of("crm").send("POST", "/crm/v8/Deals/1/Attachments", files=files)
    call = vendor.calls()[0]
    assert call.headers["content-type"].startswith("multipart/form-data")
    assert b'filename="order.pdf"' in call.body


def test_a_vendor_that_repeats_the_request_does_not_spread_the_token(vendor, client_of):
    said = {"code": "INVALID_DATA", "message": "refused: Zoho-oauthtoken 1000.fresh.token", "status": "error"}
    vendor.will_answer((400, said))
    with pytest.raises(errors.VendorRefusal) as refused:
        client_of("crm").get("/crm/v8/Products")
    assert "refused: Zoho-oauthtoken (token)" in refused.value.message
    assert "1000.fresh.token" not in f"{refused.value} {refused.value.message}"


@pytest.mark.parametrize(("system", "path"), [("crm", "/crm/v8/Products"), ("inventory", "/inventory/v1/items")])
def test_a_new_token_that_is_refused_is_told_with_the_data_centre_that_issued_it(vendor, client_of, system, path):
    vendor.will_grant(
        (200, {"access_token": "1000.far.token", "expires_in": 3600, "api_domain": "https://www.zohoapis.eu"})
    )
    vendor.will_answer((401, {"code": "INVALID_TOKEN" if system == "crm" else 57, "status": "error"}))
    with pytest.raises(errors.WrongDataCentre) as stopped:
        client_of(system).get(path)
    assert "The token is of the data centre .eu" in str(stopped.value)
    assert "Set api_url to https://www.zohoapis.eu" in str(stopped.value)


@pytest.mark.parametrize(
    ("api_url", "right"),
    [
        ("https://www.zohoapis.com", "https://www.zohoapis.eu"),
        ("https://sandbox.zohoapis.com", "https://sandbox.zohoapis.eu"),
    ],
)
def test_a_token_of_another_data_centre_goes_nowhere(vendor, connection, api_url, right):
    """No test may reach the vendor: a call that left this machine would fail otherwise."""
    vendor.will_grant(
        (200, {"access_token": "1000.far.token", "expires_in": 3600, "api_domain": "https://www.zohoapis.eu"})
    )
    with Client(replace(connection, api_url=api_url), system="crm", plugin="test") as client:
        for _ in range(2):  # the second time the token comes from the cache
            with pytest.raises(errors.WrongDataCentre, match=re.escape(f"Set api_url to {right}.")):
                client.get("/crm/v8/Products")
    assert len(vendor.token_calls()) == 1


def test_credentials_go_to_the_accounts_address_and_tokens_to_the_api_of_its_data_centre_only():
    api = "https://www.zohoapis.eu"
    for stranger in ("https://download.zoho.com/x", "https://zoho.eu.example.com/x", "http://download.zoho.eu/x"):
        with pytest.raises(ValueError, match="not the vendor's"):
            crm.address(api, stranger)
    assert crm.address(api, "https://download-accl.zoho.eu/x") == "https://download-accl.zoho.eu/x"


def test_scopes_are_those_the_accounts_server_tells_and_stay_known_with_the_token(vendor, client_of):
    vendor.will_grant(
        (200, {"access_token": "1000.a.b", "expires_in": 3600, "scope": "ZohoCRM.org.READ,ZohoCRM.users.READ"})
    )
    wanted = {"ZohoCRM.org.READ", "ZohoCRM.users.READ"}
    assert [client_of("crm").scopes(), client_of("crm").scopes()] == [wanted, wanted]
    assert len(vendor.token_calls()) == 1


def test_where_the_accounts_server_tells_no_scopes_none_are_guessed(client_of):
    assert client_of("crm").scopes() is None


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"data": "\xff"}', b'{"a": ' + b"9" * 10_000 + b"}"], ids=range(3))
def test_json_that_cannot_be_read_is_no_usable_answer_and_not_a_crash(vendor, client_of, body):
    vendor.will_answer((200, body))
    with pytest.raises(errors.VendorBusy, match="No usable answer"):
        client_of("crm").get("/crm/v8/Accounts")
    with pytest.raises(errors.Doubtful):
        client_of("crm").send("POST", "/crm/v8/Accounts", json={})


def test_an_answer_larger_than_any_that_is_expected_is_not_read_to_its_end(vendor, client_of, monkeypatch):
    monkeypatch.setattr(exchange, "MOST_ANSWER", 1 << 20)
    packed = gzip.compress(b'{"data": "' + b"x" * (8 << 20) + b'"}')
    vendor.will_answer((200, packed, {"Content-Encoding": "gzip"}))
    with pytest.raises(errors.VendorBusy, match="larger than 1 MiB"):
        client_of("crm").get("/crm/v8/Accounts")
    vendor.will_answer((200, b"x" * (8 << 20), {"Content-Type": "text/html"}))
    with pytest.raises(errors.VendorBusy, match="larger than 1 MiB"):
        client_of("crm").get("/crm/v8/Accounts")
    monkeypatch.setattr(exchange, "MOST_ANSWER_S", 0.0)
    with pytest.raises(errors.VendorBusy, match="not complete after 0 s"):
        client_of("crm").get("/crm/v8/Accounts")


def test_an_accounts_server_that_answers_without_end_is_no_login(vendor, client_of, monkeypatch):
    monkeypatch.setattr(exchange, "MOST_ANSWER", 1 << 10)
    vendor.will_grant((200, b"[" * 100_000))
    with pytest.raises((errors.Stop, errors.Retry)):
        client_of("crm").get("/crm/v8/Accounts")
