"""The families are the SDK's own."""

import pytest
from singer_sdk.exceptions import ConfigurationError, FatalAPIError, RetriableAPIError, SkippableAPIError

from ofrecord_kit import errors


@pytest.mark.parametrize(
    ("kind", "family"),
    [
        (errors.BadSettings, FatalAPIError),
        (errors.BadSettings, ConfigurationError),
        (errors.LoginRefused, FatalAPIError),
        (errors.DailyLimit, FatalAPIError),
        (errors.TokenThrottled, RetriableAPIError),
        (errors.VendorBusy, RetriableAPIError),
        (errors.VendorRefusal, SkippableAPIError),
        (errors.Doubtful, SkippableAPIError),
    ],
)
def test_an_error_belongs_to_the_family_that_says_what_to_do(kind, family):
    assert issubclass(kind, family)


def test_a_refusal_keeps_the_vendors_words_apart():
    refusal = errors.VendorRefusal("INVALID_DATA", "invalid data", "Email", 400, "req-1", where="crm PUT /x")
    assert (refusal.code, refusal.message, refusal.field, refusal.request_id) == (
        "INVALID_DATA",
        "invalid data",
        "Email",
        "req-1",
    )
    assert "[INVALID_DATA], status 400 (crm PUT /x)" in str(refusal)


def test_the_text_of_a_refusal_repeats_no_words_of_the_vendor():
    refusal = errors.VendorRefusal("ada@example.com", "ada@example.com is taken", "ada", 409, where="crm PUT /x")
    assert "ada" not in str(refusal)
    assert "[409], status 409 (crm PUT /x)" in str(refusal)
