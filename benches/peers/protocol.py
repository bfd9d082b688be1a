"""What every Python peer of the comparison shares: the limit on threads and the conversation.

`python PEER.py WORKLOAD THREADS` prints one line of JSON once it is warm; then, for each line it
reads, a number of seconds, it steps for about that long and prints the median milliseconds of a
step.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable

WARM_UP = {"W5": 10, "W7": 2}
"""Steps before the first measurement, where these are not 100."""


def limit_threads(threads: int) -> None:
    """Must come before the import of a framework: they read these when they are loaded."""
    for library in ("OMP", "MKL", "OPENBLAS"):
        os.environ[f"{library}_NUM_THREADS"] = str(threads)


def pin(threads: int) -> None:
    """Leaves this process so many cores: XLA sizes its pool of threads by them."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])


def run(name: str, version: str, workloads: dict[str, Callable], workload: str) -> None:
    """Sets the workload up, warms it and answers until the input ends.

    `workloads[name]()` returns the step: a function without arguments that returns when its work
    is done, with the loss.
    """
    about = {"name": name, "version": version}
    if workload not in workloads:
        print(json.dumps(about | {"unsupported": f"no workload {workload}"}), flush=True)
        return
    begin = time.perf_counter()
    step = workloads[workload]()
    for _ in range(WARM_UP.get(workload, 100)):
        step()
    seconds = time.perf_counter() - begin
    print(json.dumps(about | {"first_steps_s": round(seconds, 4)}), flush=True)
    for line in sys.stdin:
        print(median_of(step, float(line)), flush=True)


def median_of(step: Callable, seconds: float) -> float:
    """The median milliseconds of a step, over about this long and at least three steps."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        begin = time.perf_counter()
        step()
        times.append(time.perf_counter() - begin)
    return statistics.median(times) * 1e3
