"""The vendor's data centres: which addresses belong together. A token works only in the one that issued it.

Sources: Zoho Accounts documentation, "Multi DC support"; that Canada's accounts host is another than its name suggests is
said there, too. The API address of .uk and all of .ae are UNVERIFIED and so are not named to anybody.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_ACCOUNTS = {
    "com": "https://accounts.zoho.com",
    "eu": "https://accounts.zoho.eu",
    "in": "https://accounts.zoho.in",
    "com.au": "https://accounts.zoho.com.au",
    "jp": "https://accounts.zoho.jp",
    "ca": "https://accounts.zohocloud.ca",
    "com.cn": "https://accounts.zoho.com.cn",
    "sa": "https://accounts.zoho.sa",
    "uk": "https://accounts.zoho.uk",
}
_WITHOUT_API = frozenset({"uk"})
_HOST = re.compile(r"(?:[\w-]+\.)*(?:zoho|zohoapis|zohocloud)\.(com|eu|in|com\.au|jp|ca|com\.cn|sa|uk)")
_API_HOST = re.compile(r"((?:[\w-]+\.)*)zohoapis\.")


def centre_of(url: str) -> str | None:
    """The data centre a vendor address belongs to, or None for addresses that are not the vendor's.

    >>> centre_of("https://accounts.zoho.com.au"), centre_of("https://accounts.zohocloud.ca")
    ('com.au', 'ca')
    """
    found = _HOST.fullmatch(_host(url))
    return found[1] if found else None


def accounts_of(centre: str | None) -> str | None:
    """The accounts address of a data centre."""
    return _ACCOUNTS.get(centre or "")


def api_of(centre: str | None, like: str = "") -> str | None:
    """The API address of a data centre, of the same kind (sandbox, developer) as the address `like`.

    >>> api_of("eu"), api_of("eu", "https://sandbox.zohoapis.com")
    ('https://www.zohoapis.eu', 'https://sandbox.zohoapis.eu')
    """
    if centre not in _ACCOUNTS or centre in _WITHOUT_API:
        return None
    kind = _API_HOST.match(_host(like))
    return f"https://{kind[1] if kind else 'www.'}zohoapis.{centre}"


def is_api(url: str) -> bool:
    """Whether an address is one of the vendor's for its API. Its general documents show `api.zoho.com`, which tells nothing."""
    return _API_HOST.match(_host(url)) is not None


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # half an IPv6 address
        return ""
