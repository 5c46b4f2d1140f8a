"""How long the imports take: `import numpy` against `import edgekit` and its interpreter.

    python benchmarks/import_time.py [--runs 15]

Each figure is the median over fresh processes of the time that the statement itself took, so that
starting Python is not counted. The statements take turns, so that a slow minute of the machine
touches all of them. Bytecode is compiled before the clock starts.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATEMENTS = (
    "import numpy",
    "import numpy, edgekit",
    "import numpy, edgekit.interpreter",
    "import edgekit; edgekit.train",
)
# The promise of `import edgekit`, over and above `import numpy`.
ALLOWED_MS = 15.0


def time_once(statement: str) -> float:
    """Milliseconds that one statement took in a fresh process."""
    program = (
        "import time; start = time.perf_counter()\n"
        f"{statement}\n"
        "print((time.perf_counter() - start) * 1000)"
    )
    # Compiled bytecode must be written, or every process would compile edgekit anew.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15, help="fresh processes per statement")
    runs = parser.parse_args().runs

    for statement in STATEMENTS:
        time_once(statement)
    times: dict[str, list[float]] = {statement: [] for statement in STATEMENTS}
    for _ in range(runs):
        for statement in STATEMENTS:
            times[statement].append(time_once(statement))

    for statement in STATEMENTS:
        ordered = sorted(times[statement])
        print(f"{statement:36} {statistics.median(ordered):7.1f} ms  (fastest {ordered[0]:.1f})")
    extra = statistics.median(
        with_edgekit - numpy
        for numpy, with_edgekit in zip(times[STATEMENTS[0]], times[STATEMENTS[1]], strict=True)
    )
    print(f"edgekit over numpy: {extra:+.1f} ms, allowed {ALLOWED_MS:.0f} ms")


if __name__ == "__main__":
    main()
