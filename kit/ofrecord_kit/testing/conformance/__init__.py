"""What a Singer target for a REST system promises, proved on the running target. See docs/conformance.md.

A test module wires a target in a few lines::

    class TestConformance(Conformance):
        wiring = staticmethod(my_wiring)
"""

from ofrecord_kit.testing.conformance.cases import CASES
from ofrecord_kit.testing.conformance.report import Report, Verdict, run
from ofrecord_kit.testing.conformance.suite import Conformance
from ofrecord_kit.testing.conformance.wiring import Wiring, WiringProblem, is_gone, marked_deleted

__all__ = [
    "CASES",
    "Conformance",
    "Report",
    "Verdict",
    "Wiring",
    "WiringProblem",
    "is_gone",
    "marked_deleted",
    "run",
]
