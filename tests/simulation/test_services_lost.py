"""The story by which a defect was found: closed months of a contract are not taken for changed ones when the ledger is lost."""

from simulation.play import play
from simulation.runs import Lose, Run
from simulation.services import Serve
from simulation.story import Story
from simulation.told import ACCOUNT, CUSTOMERS


def test_closed_months_of_a_contract_are_recognised_when_the_ledger_was_lost():
    steps = (ACCOUNT, CUSTOMERS, Serve(0, "1200", 3, 29), Run("services"), Lose(("ledger", "state")))
    assert play(Story(1, steps, order=("services", "finance"))).broken == []
