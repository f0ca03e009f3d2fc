"""What an agreement of two systems says about a third one.

Each pair agrees for itself, so a value that went from a first system to a second and a third would be news between these
two, and an older value could chase a newer one round for ever. Where the first system holds what it agreed on with the
third, all three agree.
"""

from __future__ import annotations

from ofrecord_kit.plan.canonical import same
from ofrecord_kit.plan.fields import UNKNOWN, Agreed


def implied(now: Agreed, with_third: Agreed, form: str | None = None) -> Agreed | None:
    """What the destination (its side first) and a third system agree on by this; None when nothing follows.

    `now` is what source and destination just agreed on, `with_third` what the source and the third did (source's side
    first in both); `form` is how the source's values compare.
    """
    if with_third.source is UNKNOWN or with_third.destination is UNKNOWN:
        return None
    return Agreed(now.destination, with_third.destination) if same(now.source, with_third.source, form) else None
