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


HUGE = """
import resource
import pinchpoint as pp

fabric = pp.Fabric.from_links([0], [1], 1.0, num_nodes=4_000_000_000)
everyone = pp.traffic.all_to_all("node", gbit_per_s=1e-9)
pp.set_threads(1)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (300 << 20),) * 2)
for ask in (
    lambda: fabric.bandwidth("node[node=0:2000000000]", "node[node=2000000000:4000000000]"),
    lambda: fabric.bandwidth(0, 1),
    lambda: fabric.cut_tree(),
    lambda: fabric.cut_tree([0, 1]),
    lambda: fabric.failure_sweep(0, 1, ["node[node=5]"]),
    lambda: fabric.pairwise([0, 1]),
    lambda: fabric.congestion(everyone),
    lambda: fabric.throughput(everyone),
    lambda: fabric.collective("all_reduce", [0, 1]),
    lambda: fabric.names,
):
    try:
        ask()
    except pp.errors.SizeLimitError as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_few_bytes_that_say_four_billion_nodes_are_refused():
    done = subprocess.run([sys.executable, "-c", HUGE], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert [" needs about " in line for line in done.stdout.splitlines()] == [True] * 10
