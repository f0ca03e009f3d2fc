"""Mistakes planted on purpose are noticed: what no world would notice, the worlds would not be worth playing for."""

from functools import cache
from itertools import chain

import pytest
from simulation.planted import MISTAKES, replaced
from simulation.planted_more import MORE
from simulation.planted_told import TOLD
from simulation.play import play

OTHERS = 25
"""Worlds that are tried when the one that noticed does not any more: they change when something is added to them."""
LEAST = 50


@cache
def is_whole(story, settings):
    with replaced(settings):
        return not play(story).broken


def is_noticed(mistake, story):
    with mistake.planted():
        return bool(play(story).broken)


@pytest.mark.parametrize("mistake", MISTAKES + MORE, ids=lambda one: one.what)
def test_a_planted_mistake_is_noticed_by_a_world_that_is_whole_without_it(mistake):
    for number in chain([mistake.seed], range(OTHERS)):
        story = mistake.story(number)
        if is_noticed(mistake, story) and is_whole(story, mistake.settings):
            return
    pytest.fail(f"{OTHERS} worlds went by and nobody noticed")


@pytest.mark.parametrize("mistake", TOLD, ids=lambda one: one.what)
def test_a_mistake_is_noticed_by_the_story_that_was_written_for_it_and_is_whole_without_it(mistake):
    assert is_noticed(mistake, mistake.told)
    assert is_whole(mistake.told, mistake.settings)


def test_there_are_many_different_mistakes():
    assert len({one.what for one in MISTAKES + MORE + TOLD}) == len(MISTAKES + MORE + TOLD) >= LEAST
