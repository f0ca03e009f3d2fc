"""Phone numbers to E.164, for plain cases: the short way with the result of `phonenumbers`, in a tenth of the time.

The short way holds for a number of ASCII digits and the punctuation people use, that either begins with + and a known
country code, or is a national number of the rule's region with its plain prefix. It asks the same tables the same
questions as `phonenumbers.parse`, `is_possible_number_with_reason` and `format_number`; whatever is not plain goes the
whole way. A test holds the two against each other.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

_PUNCTUATION = b" ()./-"
_STARTS = frozenset("+(0123456789")
_LONGEST = 30
_WHOLE_WORLD = "001"


@dataclass(frozen=True, slots=True)
class _Plan:
    """What decides about a number behind its country code."""

    lengths: frozenset[int]
    """Digits a complete number may have."""
    prefixed: Callable[[str], Any]
    """Truthy when a national prefix may have to be taken away: then the whole way is gone."""


_codes: dict[str, _Plan | None] = {str(code): None for code in COUNTRY_CODE_TO_REGION_CODE}
"""Country code → its plan, once it was needed."""


def short_way(region: str | None) -> Callable[[str], str | None]:
    """A function from a number without spaces around it to E.164; None: it is not plain, ask `phonenumbers`."""
    national = _national(region) if region is not None else None

    def e164(written: str) -> str | None:
        if not written.isascii() or written[:1] not in _STARTS or len(written) > _LONGEST:
            return None
        digits = written.encode().translate(None, _PUNCTUATION).decode()
        if digits[:1] == "+":
            return _international(digits)
        return national(digits) if national is not None and digits.isdigit() else None

    return e164


def _international(number: str) -> str | None:
    """E.164 of a plain number that begins with + and its country code, else None."""
    for end in (3, 2, 4):
        if (code := number[1:end]) in _codes:
            plan = _codes[code] or _known(code)
            rest = number[end:]
            if rest.isdigit() and len(rest) in plan.lengths and not plan.prefixed(rest):
                return number
            return None
    return None


def _known(code: str) -> _Plan:
    plan = _codes[code] = _plan(int(code))
    return plan


def _metadata(code: int) -> Any:
    region = COUNTRY_CODE_TO_REGION_CODE[code][0]
    if region == _WHOLE_WORLD:
        return PhoneMetadata.metadata_for_nongeo_region(code)
    return PhoneMetadata.metadata_for_region(region)


def _plan(code: int) -> _Plan:
    about = _metadata(code)
    prefix = about.national_prefix_for_parsing
    return _Plan(
        frozenset(about.general_desc.possible_length),
        re.compile(prefix).match if prefix else lambda _rest: None,
    )


def _national(region: str) -> Callable[[str], str | None] | None:
    """The short way for national numbers.

    None where the region's prefix is not plain, or another region speaks for its code.
    """
    about: Any = PhoneMetadata.metadata_for_region(region)
    if about is None or COUNTRY_CODE_TO_REGION_CODE[about.country_code][0] != region:
        return None
    prefix = about.national_prefix_for_parsing or ""
    if about.national_prefix_transform_rule or (prefix and not prefix.isdigit()):
        return None
    code = str(about.country_code)
    lengths = frozenset(about.general_desc.possible_length)
    viable = re.compile(about.general_desc.national_number_pattern).fullmatch
    abroad = re.compile(about.international_prefix or "(?!)").match

    def national(digits: str) -> str | None:
        if digits.startswith(code) or abroad(digits):
            return None
        rest = digits
        if prefix and digits.startswith(prefix):
            rest = digits[len(prefix) :]
            if not viable(rest) and viable(digits):
                return None
        return f"+{code}{rest}" if len(rest) in lengths else None

    return national
