"""What the finance APIs refuse, with what to do about it."""

from __future__ import annotations

from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.target.destination import Refused
from ofrecord_kit.vendors.finance import remedy


def refused(refusal: VendorRefusal, said: str = "") -> Refused:
    """The vendor's words as a result, after `said`; `fix` is a suggested remedy."""
    words = f"{said}{refusal.message}"
    return Refused(refusal.code, words, refusal.field, remedy(refusal.code, refusal.message), refusal.request_id)
