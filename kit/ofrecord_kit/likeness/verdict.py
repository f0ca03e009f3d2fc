"""How alike two things are, with the reason in words."""

from __future__ import annotations

from dataclasses import dataclass

NEAR = 88
"""From this score on two names are proposed to a person. Measured in benchmarks/README.md, "Near names"."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """`score` from 0 to 100; `why` says what is the same or what differs, and never quotes a value."""

    score: int
    why: str

    @property
    def is_near(self) -> bool:
        """Is it for a person to decide?"""
        return self.score >= NEAR


APART = Likeness(0, "nothing in common")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that may be the same one."""

    id: str
    score: int
    why: str
