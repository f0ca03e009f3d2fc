"""What the environment says about the way to a host: its proxy, what goes past it, and whose certificates count.

`requests` looks all of it up for every call, and a .netrc file with it. Here it is read once a host and client: `HTTP(S)_PROXY`, `ALL_PROXY`,
`NO_PROXY`, `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE`. A .netrc file is never read: who we are is told by tokens alone.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.utils import get_environ_proxies

Known = dict[tuple[str, str], tuple[dict[str, str], str | None]]
"""Scheme and host with port → proxies by scheme, and the file of certificates, if one is named."""


class Session(requests.Session):
    """Keeps connections. `known` is shared by the sessions of one client; a host that is not in it is looked up."""

    def __init__(self, known: Known) -> None:
        super().__init__()
        self.trust_env = False
        self._around = known

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """What `requests` makes of its own look at the environment, from the one look that was taken."""
        parts = urlsplit(str(url))
        host = (parts.scheme, parts.netloc)
        if host not in self._around:
            bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or None
            self._around[host] = (get_environ_proxies(str(url)), bundle)
        through, bundle = self._around[host]
        if verify is True or verify is None:
            verify = bundle or verify
        return super().merge_environment_settings(url, {**through, **(proxies or {})}, stream, verify, cert)
