"""Run random `.tflite` networks in edgekit and in LiteRT, in both arithmetics.

    python scripts/compare_random.py                          # a minute
    python scripts/compare_random.py --seconds 3600 --first 1000000
    python scripts/compare_random.py --first 4711 --count 1   # one network again

Each difference is printed with the smallest network that shows it. Exits 1 if there was one.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.random_files.campaign import Figures, compare  # noqa: E402
from tests.random_files.litert_process import LiteRTProcess  # noqa: E402

SHOWN = 15  # reasons of refusals


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, help="default 60 without --count")
    parser.add_argument("--first", type=int, default=0, help="the seed of the first network")
    parser.add_argument("--count", type=int, help="how many networks")
    options = parser.parse_args()
    seconds = options.seconds or (60.0 if options.count is None else float("inf"))
    seeds = itertools.islice(itertools.count(options.first), options.count)
    figures, process, end = Figures(), LiteRTProcess(), time.monotonic() + seconds
    try:
        for seed in itertools.takewhile(lambda _: time.monotonic() < end, seeds):
            told = len(figures.failures)
            compare(seed, process, figures)
            for failure in figures.failures[told:]:
                print(failure, flush=True)
    finally:
        process.close()
    tell(figures)
    return int(bool(figures.failures))


def tell(figures: Figures) -> None:
    kinds = ", ".join(f"{kind} {count}" for kind, count in figures.kinds.most_common())
    print(f"{figures.kinds.total()} runs: {kinds}")
    for (code, dtype), count in sorted(figures.operators.items()):
        print(f"  {count:6} {code} {dtype}")
    for reason, count in figures.refusals.most_common(SHOWN):
        print(f"  {count:6} refused: {reason}")


if __name__ == "__main__":
    sys.exit(main())
