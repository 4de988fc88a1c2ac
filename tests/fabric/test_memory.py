"""What limits of the process leave is what estimates are held against."""

import subprocess
import sys

import pytest

LIMITED = """
import resource
import pinchpoint as pp

fabric = pp.clusters.fat_tree(320)
pp.set_threads(1)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.{limit}, (used + (300 << 20),) * 2)
try:
    fabric.materialize()
except pp.errors.SizeLimitError as error:
    print(error)
else:
    print("materialized")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("limit", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_an_estimate_beyond_the_limit_of_the_process_is_refused(limit):
    code = LIMITED.format(limit=limit)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "the limit is 0." in done.stdout
