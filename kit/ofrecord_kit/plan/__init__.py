"""What to do about one record, decided from plain values; nothing in here has effects.

`canonical` says when two values are the same; `fields` holds the decision table for one field; `records` applies it
to a record; `facts` says whether a value may be sent at all. All of it is frozen dataclasses, handled by `match`.
"""

from ofrecord_kit.plan.canonical import Fingerprint, canonical, match_form, same
from ofrecord_kit.plan.facts import Fact, Obstacle, obstacle, obstacles
from ofrecord_kit.plan.fields import (
    CLOCK_TOLERANCE_S,
    UNKNOWN,
    Agree,
    Agreed,
    Conflict,
    Decision,
    FieldRule,
    Leave,
    Times,
    Unknown,
    Violation,
    Write,
    adopt,
    decide,
    has_changed,
    observe,
)
from ofrecord_kit.plan.records import (
    RecordPlan,
    changed_rules,
    plan_adoptions,
    plan_create,
    plan_update,
    source_has_changed,
)

__all__ = [
    "CLOCK_TOLERANCE_S",
    "UNKNOWN",
    "Agree",
    "Agreed",
    "Conflict",
    "Decision",
    "Fact",
    "FieldRule",
    "Fingerprint",
    "Leave",
    "Obstacle",
    "RecordPlan",
    "Times",
    "Unknown",
    "Violation",
    "Write",
    "adopt",
    "canonical",
    "changed_rules",
    "decide",
    "has_changed",
    "match_form",
    "observe",
    "obstacle",
    "obstacles",
    "plan_adoptions",
    "plan_create",
    "plan_update",
    "same",
    "source_has_changed",
]
