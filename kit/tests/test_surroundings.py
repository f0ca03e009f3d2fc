"""Proxies and certificates of the environment are read once a host, and mean what they mean to `requests`."""

from __future__ import annotations

import pytest
import requests

from ofrecord_kit import errors
from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection
from ofrecord_kit.surroundings import Session

NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def elsewhere(connection, url="http://127.0.0.1:9"):
    """A client of a vendor nobody answers for; only a proxy can."""
    told = {
        name: getattr(connection, name) for name in ("client_id", "client_secret", "refresh_token", "organization_id")
    }
    settings = {**told, "api_url": url, "accounts_url": url, "state_dir": str(connection.state_dir), "retry_wait_s": 0}
    return Client(Connection.from_config(settings), system="crm", plugin="tap-crm")


def test_calls_and_logins_go_through_the_proxy_of_the_environment(vendor, connection, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", vendor.url)
    with elsewhere(connection) as client:
        assert client.get("/crm/v8/Products").status == 200
    assert (len(vendor.calls()), len(vendor.token_calls())) == (1, 1)


def test_what_no_proxy_names_goes_past_it(vendor, connection, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", vendor.url)
    monkeypatch.setenv("NO_PROXY", "example.com,127.0.0.1")
    with elsewhere(connection) as client, pytest.raises(errors.NotReachable):
        client.get("/crm/v8/Products")
    assert vendor.seen == []


def test_the_environment_is_asked_once_a_host(vendor, connection, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", vendor.url)
    with elsewhere(connection) as client:
        client.get("/crm/v8/Products")
        monkeypatch.delenv("HTTP_PROXY")
        client.get("/crm/v8/Products")
    assert len(vendor.calls()) == 2


def test_a_netrc_file_names_nobody(vendor, connection, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password planted-password\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with Client(connection, system="crm", plugin="tap-crm") as client:
        client.get("/crm/v8/Products")
    (asked,), (called,) = vendor.token_calls(), vendor.calls()
    assert "authorization" not in asked.headers
    assert called.headers["authorization"] == "Zoho-oauthtoken 1000.fresh.token"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"HTTPS_PROXY": "http://proxy.example:8080"},
        {"ALL_PROXY": "http://proxy.example:8080", "NO_PROXY": "other.example"},
        {"HTTPS_PROXY": "http://proxy.example:8080", "NO_PROXY": ".zohoapis.example"},
        {"HTTPS_PROXY": "http://proxy.example:8080", "no_proxy": "*"},
        {"HTTP_PROXY": "http://proxy.example:8080"},
        {"REQUESTS_CA_BUNDLE": "/certificates/one.pem", "CURL_CA_BUNDLE": "/certificates/other.pem"},
        {"CURL_CA_BUNDLE": "/certificates/other.pem"},
    ],
)
def test_what_is_read_means_what_it_means_to_requests(monkeypatch, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    url = "https://www.zohoapis.example/crm/v8/Products?fields=id"
    plain = requests.Session().merge_environment_settings(url, {}, False, None, None)
    assert Session({}).merge_environment_settings(url, {}, False, None, None) == plain
