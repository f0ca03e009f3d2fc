"""Which records are probably the same thing, with reasons in words. Pure: it proposes, and never decides or merges."""

from ofrecord_kit.likeness.names import alike, name_of
from ofrecord_kit.likeness.pairs import Names, clusters
from ofrecord_kit.likeness.verdict import NEAR, Candidate, Likeness

__all__ = ["NEAR", "Candidate", "Likeness", "Names", "alike", "clusters", "name_of"]
