"""All benchmarks, or those that are named: ``python -m benchmarks [NAME …]``; each prints lines of JSON."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys

import benchmarks
from rnn_core.jobs.engine import WORKER_ENVIRON

ALL = sorted(info.name for info in pkgutil.iter_modules(benchmarks.__path__) if not info.name.startswith("_"))
NEEDS = {"watchers": "a load client: python -m benchmarks.watchers path/to/client.py"}


def main(names: list[str]) -> int:
    """Run each in a process of its own, in the surroundings of an engine's worker; returns 1 when one failed to run."""
    unknown = [name for name in names if name not in ALL]
    if unknown:
        print(f"There is no benchmark “{unknown[0]}”; there are {', '.join(ALL)}.", file=sys.stderr)
        return 2
    status, environ = 0, {**os.environ, **WORKER_ENVIRON}
    for name in names or ALL:
        if name in NEEDS:
            print(f"{name} was left out: it needs {NEEDS[name]}", file=sys.stderr)
        else:
            status |= subprocess.call([sys.executable, "-m", f"benchmarks.{name}"], env=environ) != 0
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
