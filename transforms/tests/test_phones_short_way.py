"""The short way of plain phone numbers says what the whole way says, in every region."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ofrecord_transforms.lenses.phones import short_way
from ofrecord_transforms.lenses.words import _whole_way

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
FORMATS = (
    phonenumbers.PhoneNumberFormat.E164,
    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    phonenumbers.PhoneNumberFormat.NATIONAL,
)
DIGITS = st.text("0123456789", min_size=1, max_size=16)
GAPS = st.sampled_from(["", "", "", "", " ", "-", "/", ".", " (", ") "])


def agrees(written, region):
    found = short_way(region)(written)
    assert found is None or found == _whole_way(region)(written), (written, region)


@st.composite
def numbers(draw):
    """A region, and something that looks like one of its numbers."""
    region = draw(st.sampled_from(REGIONS))
    code = str(phonenumbers.country_code_for_region(region))
    begin = draw(
        st.sampled_from(["", "+", f"+{code}", f"+{code} (0) ", "0", "00", f"00{code}", "(", "++", f"+({code})"])
    )
    digits = draw(DIGITS)
    return region, (begin + "".join(digit + draw(GAPS) for digit in digits)).strip()


@settings(max_examples=400)
@given(numbers())
def test_the_short_way_agrees_with_the_whole_way(drawn):
    region, written = drawn
    agrees(written, region)
    agrees(written, None)


@pytest.mark.parametrize("region", REGIONS)
def test_the_examples_of_a_region_and_their_neighbours_agree(region):
    code = phonenumbers.country_code_for_region(region)
    for kind in range(11):
        example = phonenumbers.example_number_for_type(region, kind)
        if example is None:
            continue
        digits = phonenumbers.national_significant_number(example)
        written = [phonenumbers.format_number(example, form) for form in FORMATS]
        written += [digits, f"0{digits}", f"00{code}{digits}", f"+{code}0{digits}", f"+{code} (0) {digits}"]
        written += [digits[:-1], f"{digits}1", f"+{code}{digits[:-1]}", f"+{code}{digits}9", f"{code}{digits}"]
        for number in written:
            agrees(number, region)
            agrees(number, None)


@pytest.mark.parametrize(
    ("written", "region", "expected"),
    [
        ("+49 30 123456", None, "+4930123456"),
        ("(030) 123456", "DE", "+4930123456"),
        ("+1 (212) 555-0100", "DE", "+12125550100"),
        ("030 123456", None, None),
        ("1-800-FLOWERS", "US", None),
        ("+49 30 123456 ext. 7", None, None),
        ("+999 1234", None, None),
        ("", "DE", None),
        ("\u0663\u0660", "DE", None),
    ],
)
def test_plain_numbers_are_taken_and_nothing_else(written, region, expected):
    assert short_way(region)(written) == expected
