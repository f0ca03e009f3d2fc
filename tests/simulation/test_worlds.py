"""Worlds in a bottle: each seed is another company, with other edits, mishaps and deaths; what must be true in the end is the same.

The first of every three is played here, the others are in the files beside.
"""

import pytest
from simulation.play import play
from simulation.report import told
from simulation.story import story_of


def judge(seed):
    played = play(story_of(seed))
    if played.broken:
        pytest.fail(told(played), pytrace=False)


def test_whatever_happened_all_systems_agree_within_two_quiet_cycles(seed):
    judge(seed)
