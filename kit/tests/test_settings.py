"""Settings are checked at once; messages name the setting and the remedy, never the value."""

import pytest
from singer_sdk import typing as th

from ofrecord_kit import settings
from ofrecord_kit.errors import BadSettings
from ofrecord_kit.settings import Connection, check_settings
from ofrecord_kit.tap.settings import READING
from ofrecord_kit.vendors.centres import centre_of

SCHEMA = th.PropertiesList(*settings.CONNECTION, *settings.FINANCE, *settings.BUDGET, *READING).to_dict()
GOOD = {
    "api_url": "https://www.zohoapis.eu/",
    "accounts_url": "https://accounts.zoho.eu",
    "client_id": "a",
    "client_secret": "planted",
    "refresh_token": "b",
    "organization_id": "1",
}


def test_all_problems_are_told_at_once():
    with pytest.raises(BadSettings) as found:
        check_settings({"timeout_s": "planted", "start_date": "yesterday"}, SCHEMA, plugin="tap-x")
    named = {problem.split(":")[0] for problem in found.value.problems}
    assert named == {*GOOD, "timeout_s", "start_date"}
    assert "planted" not in str(found.value)
    assert "yesterday" not in str(found.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"accounts_url": "https://accounts.zoho.com"}, "belong to different data centres (.eu and .com)"),
        (
            {"accounts_url": "https://accounts.zoho.ca"},
            "or api_url https://www.zohoapis.ca with accounts_url https://accounts.zohocloud.ca.",
        ),
        ({"budget": "mysql://u:planted@h/d"}, "budget: is not the address of a PostgreSQL database. Use postgresql://"),
        ({"reserve": 100}, "reserve: must be at most 95. Use a percentage from 0 to 95"),
        ({"calls_at_once": 0}, "calls_at_once: must be at least 1"),
        ({"api_url": "zohoapis.eu"}, "api_url: is not an http(s) address"),
        ({"api_url": "http://[::1"}, "api_url: is not an http(s) address"),
        ({"api_url": "http://www.zohoapis.eu"}, "api_url: is an http address of another machine"),
        ({"accounts_url": "http://accounts.zoho.eu"}, "accounts_url: is an http address of another machine"),
        ({"calls_per_minute": "many"}, "calls_per_minute: must be integer"),
        ({"start_date": "soon"}, "start_date: is not a time. Use ISO 8601"),
        ({"start_date": "0001-01-01T00:00:00+05:00"}, "start_date: is not a time. Use ISO 8601"),
        ({"refresh_token": 5}, "refresh_token: must be string"),
    ],
)
def test_a_bad_setting_has_one_sentence(change, message):
    with pytest.raises(BadSettings) as found:
        check_settings({**GOOD, **change}, SCHEMA, plugin="tap-x")
    assert len(found.value.problems) == 1
    assert message in str(found.value)
    assert "planted" not in str(found.value)


def test_good_settings_make_a_connection():
    check_settings(GOOD, SCHEMA, plugin="tap-x")
    made = Connection.from_config(GOOD)
    assert made.api_url == "https://www.zohoapis.eu"
    assert made.calls_per_minute == 80


@pytest.mark.parametrize(
    ("url", "centre"),
    [
        ("https://accounts.zoho.com.au", "com.au"),
        ("https://accounts.zohocloud.ca", "ca"),
        ("https://sandbox.zohoapis.eu", "eu"),
        ("http://127.0.0.1:8000", None),
    ],
)
def test_an_address_tells_its_data_centre(url, centre):
    assert centre_of(url) == centre


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "127.1.2.3"])
def test_http_is_for_this_machine_only(host):
    check_settings({**GOOD, "api_url": f"http://{host}", "accounts_url": f"http://{host}"}, SCHEMA, plugin="tap-x")
    for stranger in ("http://localhost.example.com", "http://0.0.0.0:8000", "http://10.0.0.1", "HTTP://zohoapis.eu"):
        with pytest.raises(BadSettings, match="unencrypted"):
            check_settings({**GOOD, "api_url": stranger}, SCHEMA, plugin="tap-x")


def test_secret_settings_are_marked():
    secret = {name for name, one in SCHEMA["properties"].items() if one.get("secret")}
    assert secret == {"budget", "client_id", "client_secret", "refresh_token"}
