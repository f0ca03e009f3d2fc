"""Days that change something without anybody's doing: peace is looked for when none is near."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from simulation import services

if TYPE_CHECKING:
    from simulation.stage import Stage

QUIET = timedelta(days=9)
"""The quiet cycles, those after everything was lost, and what clocks differ by."""


def until_peace_s(stage: "Stage") -> float:
    """Seconds until no such day comes within the quiet cycles."""
    start = stage.world.clock.now + timedelta(seconds=stage.late_s)
    moment = start
    come = sorted(datetime.fromisoformat(day).replace(tzinfo=UTC) for day in services.days_to_come(stage))
    for day in come:
        if moment < day + timedelta(days=2) and day - timedelta(days=1) < moment + QUIET:
            moment = day + timedelta(days=2)
    return (moment - start).total_seconds()
