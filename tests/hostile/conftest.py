"""How deep to dig: `OFRECORD_FUZZ=1000` examples of each kind; without it a few, always the same."""

import os

from hypothesis import HealthCheck, settings

_MANY = int(os.environ.get("OFRECORD_FUZZ", "0"))
settings.register_profile(
    "hostile",
    max_examples=_MANY or 10,
    derandomize=not _MANY,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
