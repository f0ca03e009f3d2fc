"""How targets write: gather, ask the plan, act, record.

`wire` reads the annotated SCHEMA, `destination` is what a vendor's target implements, `delivery` brings a batch there,
`outbox` pays what is owed at the end, `program` is the Singer target around it.
"""

from ofrecord_kit.plan import Fact
from ofrecord_kit.target.destination import Change, Current, Destination, Done, Missing, New, Refused, Result, Stale
from ofrecord_kit.target.program import OfrecordTarget
from ofrecord_kit.target.sink import OfrecordSink
from ofrecord_kit.target.wire import Wire, read_wire

__all__ = [
    "Change",
    "Current",
    "Destination",
    "Done",
    "Fact",
    "Missing",
    "New",
    "OfrecordSink",
    "OfrecordTarget",
    "Refused",
    "Result",
    "Stale",
    "Wire",
    "read_wire",
]
