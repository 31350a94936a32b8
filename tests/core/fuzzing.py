"""How long and how hard importers are tried: a few files in the tests, thousands on request.

    FUZZ_EXAMPLES=2000 python -m tests.core.fuzzing      # of each kind; without pytest's checks

Each file may take a few seconds and a few hundred MB; more is a failure, as a crash is.
"""

import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, settings

LIMIT_S = 20
"""For one file; far more than any takes, so that a busy machine is no failure."""
MORE_MEMORY = 1 << 30
"""Bytes that reading may take beside what the process has."""


def fuzz_settings(few: int) -> settings:
    """Few examples, or as many as FUZZ_EXAMPLES says."""
    return settings(
        max_examples=int(os.environ.get("FUZZ_EXAMPLES", few)),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@contextmanager
def bounded() -> Iterator[None]:
    """Too much memory ends with MemoryError, a hang with TimeoutError: both are no refusals."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_address_space() + MORE_MEMORY, hard))
    before = signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(LIMIT_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def main() -> None:
    """Run every kind of mutation, one after the other, and say how long each took."""
    from tests.core import test_gltf_mutations, test_session_mutations

    for module in (test_gltf_mutations, test_session_mutations):
        for name in [name for name in vars(module) if name.startswith("test_odd")]:
            began_s = time.monotonic()
            getattr(module, name)()
            seconds, peak_kb = time.monotonic() - began_s, resource.getrusage(0).ru_maxrss
            sys.stdout.write(f"{name}: {seconds:.0f} s, peak {peak_kb / 1024:.0f} MB\n")
            sys.stdout.flush()


def _too_long(_signal: int, _frame: object) -> None:
    raise TimeoutError(f"reading took more than {LIMIT_S} s")


if __name__ == "__main__":
    main()
