"""A seed decides everything: the same world is played again, call by call, in another process, with other hashes, whatever was played before."""

import gc
import os
import subprocess
import sys
from pathlib import Path

from simulation import prepared
from simulation.play import play
from simulation.story import story_of

SAY = """
import sys
sys.path.insert(0, sys.argv[1])
from simulation.play import play
from simulation.story import story_of
print("\\n".join(play(story_of(int(sys.argv[2]))).asked))
"""
SEED = 8
BEFORE = (3, 5)


def test_a_seed_plays_the_same_world_again_whatever_the_process_and_whatever_it_played_before():
    for seed in BEFORE:
        play(story_of(seed))
    here = play(story_of(SEED)).asked
    command = [sys.executable, "-c", SAY, str(Path(__file__).parents[1]), str(SEED)]
    said = subprocess.run(
        command, env={**os.environ, "PYTHONHASHSEED": "4711"}, capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines() == here


def test_what_is_prepared_once_for_all_worlds_is_changed_by_none_of_them():
    with prepared.anew():
        for seed in (SEED, *BEFORE):
            play(story_of(seed))
        assert prepared.changed() == []


def test_what_was_prepared_while_a_mistake_was_planted_is_forgotten():
    play(story_of(SEED))
    before = prepared.kept()
    with prepared.anew():
        assert prepared.kept() == []
        play(story_of(BEFORE[0]))
    assert prepared.kept() == before


def test_a_world_that_has_ended_keeps_no_file_open():
    for seed in BEFORE:
        play(story_of(seed))
    gc.collect()
    opened = [str(one.readlink()) for one in list(Path("/proc/self/fd").iterdir()) if one.is_symlink()]
    assert [where for where in opened if "bottle-" in where] == []
