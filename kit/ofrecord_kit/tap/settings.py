"""The settings of taps."""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

READING: tuple[th.Property[Any], ...] = (
    th.Property(
        "start_date",
        th.DateTimeType,
        title="Start date",
        description="Records modified before this time (ISO 8601) are not read when there is no bookmark yet. "
        "Empty: all records.",
    ),
    th.Property(
        "streams",
        th.ArrayType(th.StringType),
        title="Streams",
        description="Names of the streams to read. Empty: all.",
    ),
    th.Property(
        "read_whole",
        th.ArrayType(th.StringType),
        title="Streams to read whole",
        description="Names of streams to read whole in every run, without a bookmark: for values that change without "
        "changing the modification time, such as stock.",
    ),
    th.Property(
        "overlap_s",
        th.IntegerType,
        default=60,
        title="Overlap (s)",
        description="Seconds before the bookmark that are read again, so that records written within the same second "
        "or by a late clock are not missed.",
    ),
    th.Property(
        "end_date",
        th.DateTimeType,
        title="End date",
        description="Records modified at or after this time (ISO 8601) are left out, and the bookmark stops there: for a backfill "
        "between two dates. Empty: no end.",
    ),
    th.Property(
        "window",
        th.StringType,
        title="Window",
        description="When the tap may read, such as `22:00-06:00 Europe/Berlin`. At its end the tap stops after the page it is "
        "at, with exit code 0, and the next run goes on from its bookmark. Empty: always.",
    ),
    th.Property(
        "changed_only",
        th.ArrayType(th.StringType),
        title="Changed records only",
        description="Names of streams that are read whole and of which only records that differ from what was last delivered are "
        "written (`*`: all of them). What was delivered is remembered in the state folder, as fingerprints.",
    ),
    th.Property(
        "deletions_every_s",
        th.IntegerType,
        default=86400,
        title="Deletions every (s)",
        description="How often all ids of a stream are read to find deleted records, where the vendor has no list of them. "
        "0: never. The CRM has one: see `deleted_every_s` of its tap.",
    ),
    th.Property(
        "without_details",
        th.ArrayType(th.StringType),
        title="Streams without details",
        description="Names of streams of which only the list is read: what a read of each record would add, such as lines, is left "
        "out and costs no call.",
    ),
    th.Property(
        "filters",
        th.ObjectType(additional_properties=True),
        title="Filters",
        description='Records to read, by stream: `{"contacts": {"contact_type": "customer", "status": ["active", "inactive"]}}`. '
        "The vendor filters where it can; the tap checks every record.",
    ),
)
"""Settings of taps."""

READING_CRM: tuple[th.Property[Any], ...] = (
    th.Property(
        "views",
        th.ObjectType(additional_properties=th.StringType),
        title="Custom views",
        description="Custom view to read, by module: its name or id. A record that leaves the view is written once more with "
        "`_in_view` false.",
    ),
    th.Property(
        "read_plan",
        th.ObjectType(additional_properties=th.StringType(allowed_values=["list", "coql", "bulk"])),
        title="Read plan",
        description="How a module is read, by module: `list`, `coql` or `bulk`. Without it the plan that costs the fewest credits "
        "is taken, and said.",
    ),
    th.Property(
        "deleted_every_s",
        th.IntegerType,
        default=0,
        title="Deleted records every (s)",
        description="How often the CRM's list of deleted records is read, one call a module: nothing is lost in between, it arrives "
        "later. The vendor keeps the list for 60 days. 0: in every run.",
    ),
    th.Property(
        "drift_every_s",
        th.IntegerType,
        default=86400,
        title="Drift every (s)",
        description="How often the fields of a module are compared with the catalog, one call a module: new, removed and "
        "retyped fields are warned of. 0: only when the vendor refuses a field.",
    ),
)
"""Settings of the CRM's tap."""
