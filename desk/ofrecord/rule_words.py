"""What the rules say of a field, in words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ofrecord_transforms.rules import Field

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def exact_length(seconds: int) -> str:
    """A duration in the largest unit that is exact.

    >>> exact_length(3600), exact_length(90), exact_length(0)
    ('1 hour', '90 seconds', '0 seconds')
    """
    size, word = next((size, word) for size, word in _UNITS if seconds % size == 0 and (seconds or size == 1))
    count = seconds // size
    return f"{count} {word}{'s' * (count != 1)}"


def policy_of(rule: Field) -> str | None:
    """Who wins a conflict about a shared field: a word, or systems in their order; None when one system owns it."""
    if rule.owner != "shared":
        return None
    return " before ".join(rule.policy) if isinstance(rule.policy, tuple) else rule.policy or "review"
