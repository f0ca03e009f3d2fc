"""A seed decides everything: the same world is played again, call by call, in another process with other hashes."""

import os
import subprocess
import sys
from pathlib import Path

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


def test_a_seed_plays_the_same_world_again_whatever_the_process():
    here = play(story_of(SEED)).asked
    command = [sys.executable, "-c", SAY, str(Path(__file__).parents[1]), str(SEED)]
    said = subprocess.run(
        command, env={**os.environ, "PYTHONHASHSEED": "4711"}, capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines() == here
