"""All cases, in the order in which a report tells them. What was told in any of them is judged last."""

from __future__ import annotations

from ofrecord_kit.testing.conformance import cases_crashes, cases_faults, cases_privacy, cases_values
from ofrecord_kit.testing.conformance.case import Case

CASES: tuple[Case, ...] = (
    cases_values.create_once,
    cases_values.partial_update,
    cases_values.absent_is_left,
    cases_values.null_clears,
    cases_values.unmapped_is_untouched,
    cases_values.unchanged_is_free,
    cases_values.delete,
    cases_values.new_version,
    cases_values.absence_deletes_nothing,
    cases_values.schema_change,
    cases_faults.bad_record_alone,
    cases_faults.busy_is_waited_out,
    cases_faults.down_is_told,
    cases_faults.error_after_commit,
    cases_faults.dropped_answer,
    cases_faults.cut_answer,
    cases_faults.state_after_delivery,
    cases_crashes.killed_at_every_message,
    cases_crashes.killed_before_the_answer,
    cases_privacy.tells_no_secrets,
)
