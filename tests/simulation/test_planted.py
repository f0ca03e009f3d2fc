"""Mistakes planted on purpose are noticed: what no world would notice, the worlds would not be worth playing for."""

from functools import cache
from itertools import chain

import pytest
from simulation.planted import MISTAKES, replaced
from simulation.planted_flows import FLOWS
from simulation.planted_more import MORE
from simulation.planted_told import TOLD
from simulation.play import play

OTHERS = 25
"""Worlds that are tried when the one that noticed does not any more: they change when something is added to them."""
ALL = MISTAKES + MORE + TOLD + FLOWS
LEAST = 56


@cache
def is_whole(story, settings):
    with replaced(settings):
        return not play(story).broken


def is_noticed(mistake, story):
    with mistake.planted():
        return bool(play(story).broken)


def stories_of(mistake):
    return mistake.told or map(mistake.story, chain([mistake.seed], range(OTHERS)))


@pytest.mark.parametrize("mistake", ALL, ids=lambda one: one.what)
def test_a_planted_mistake_is_noticed_by_a_world_that_is_whole_without_it(mistake):
    if not any(is_noticed(mistake, story) and is_whole(story, mistake.settings) for story in stories_of(mistake)):
        pytest.fail("the worlds went by and nobody noticed")


def test_there_are_many_different_mistakes():
    assert len({one.what for one in ALL}) == len(ALL) >= LEAST
