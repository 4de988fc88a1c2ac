"""Hypothesis profiles, and Ctrl-C where whoever started the tests ignores it.

`ci` is the default: the same cases every time. `long` looks for new ones, ten times as many::

    HYPOTHESIS_PROFILE=long pytest tests/property
"""

import os
import signal
from datetime import timedelta

from hypothesis import HealthCheck, settings

_QUIET = {
    "deadline": timedelta(seconds=20),
    "suppress_health_check": (HealthCheck.too_slow, HealthCheck.data_too_large),
}
settings.register_profile("ci", derandomize=True, database=None, max_examples=100, **_QUIET)
settings.register_profile("long", max_examples=1000, print_blob=True, **_QUIET)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# As `nohup` and background jobs of a shell do: tests that interrupt themselves would never end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
