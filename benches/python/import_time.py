"""What `import pinchpoint` adds to `import numpy`: the median of ten fresh interpreters.

python benches/python/import_time.py [LIMIT]     exit status 1 above LIMIT milliseconds (20)
"""

import statistics
import subprocess
import sys

RUNS = 10
CODE = """
import time
import numpy
begin = time.perf_counter()
import pinchpoint
print(1e3 * (time.perf_counter() - begin))
"""


def main(limit: float) -> int:
    times = []
    for _ in range(RUNS):
        run = [sys.executable, "-c", CODE]
        times.append(float(subprocess.run(run, capture_output=True, check=True).stdout))
    median = statistics.median(times)
    print(
        f"import pinchpoint adds {median:.1f} ms to import numpy "
        f"(median of {RUNS}, {min(times):.1f} to {max(times):.1f}; limit {limit:g})"
    )
    return int(median >= limit)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 20.0))
