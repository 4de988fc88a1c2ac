"""Hypothesis profiles.

`ci` is the default: the same cases every time. `long` looks for new ones, ten times as many::

    HYPOTHESIS_PROFILE=long pytest tests/property
"""

import os
from datetime import timedelta

from hypothesis import HealthCheck, settings

_QUIET = {
    "deadline": timedelta(seconds=20),
    "suppress_health_check": (HealthCheck.too_slow, HealthCheck.data_too_large),
}
settings.register_profile("ci", derandomize=True, database=None, max_examples=100, **_QUIET)
settings.register_profile("long", max_examples=1000, print_blob=True, **_QUIET)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
