"""The second of every three worlds: see `test_worlds`."""

from simulation.test_worlds import judge


def test_whatever_happened_all_systems_agree_within_two_quiet_cycles(seed):
    judge(seed)
