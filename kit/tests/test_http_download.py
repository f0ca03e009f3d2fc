"""A file is written to disk a part at a time, and is whole or not there."""

import io

import pytest

from ofrecord_kit import errors

ZIP = {"Content-Type": "application/zip"}


def test_a_file_is_written_where_it_is_wanted_and_can_be_read_from_its_beginning(vendor, client_of):
    content = bytes(range(256)) * 4_000
    vendor.will_answer((200, content, ZIP))
    file = io.BytesIO(b"what was there before")
    answer = client_of("crm").download("/crm/bulk/v8/read/1/result", file, most=len(content))
    assert (answer.status, answer.body, file.read()) == (200, None, content)
    (call,) = vendor.calls()
    assert call.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "first",
    [
        (200, b"the whole file", {**ZIP, "X-Cut": "7"}),
        (429, {"code": "TOO_MANY_REQUESTS", "status": "error"}),
        (500, None),
        (0, None),
        (401, {"code": "INVALID_TOKEN", "status": "error"}),
    ],
    ids=["cut", "busy", "broken", "dropped", "token"],
)
def test_a_download_that_fails_is_made_again_from_its_beginning(vendor, client_of, first):
    vendor.will_answer(first, (200, b"the whole file", ZIP))
    file = io.BytesIO()
    client_of("crm").download("/crm/bulk/v8/read/1/result", file, most=100)
    assert file.read() == b"the whole file"
    assert len(vendor.calls()) == 2


def test_a_file_that_is_larger_than_any_that_is_expected_is_refused(vendor, client_of):
    vendor.will_answer((200, b"x" * 101, ZIP))
    file = io.BytesIO()
    with pytest.raises(errors.VendorRefusal, match="FILE_TOO_LARGE"):
        client_of("crm").download("/crm/bulk/v8/read/1/result", file, most=100)
    assert len(file.getvalue()) <= 100
    assert len(vendor.calls()) == 1


def test_a_refusal_is_one_and_an_answer_in_json_is_no_file(vendor, client_of):
    vendor.will_answer((400, {"code": "INVALID_DATA", "status": "error"}), (200, {"data": []}))
    file = io.BytesIO()
    client = client_of("crm")
    with pytest.raises(errors.VendorRefusal, match="INVALID_DATA"):
        client.download("/crm/bulk/v8/read/1/result", file, most=100)
    assert client.download("/crm/bulk/v8/read/1/result", file, most=100).body == {"data": []}
    assert file.getvalue() == b""
