"""Mutate model files by the thousand and see that none does what no file may do.

    python scripts/fuzz.py                                # both formats, a minute each
    python scripts/fuzz.py --format edge --count 100000 --seed 7 --workers 2
    python scripts/fuzz.py --replay build/fuzz/0123456789ab.tflite

A failure is printed in one line with the command that shows it again; the file is made as small as
it goes and kept. Exits 1 if there was one.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.fuzz.campaign import Figures, run_campaign, save  # noqa: E402
from tests.fuzz.formats import FORMATS  # noqa: E402
from tests.fuzz.smaller import smallest  # noqa: E402
from tests.fuzz.target import examine, sentence  # noqa: E402

SHOWN = 20  # failures, of which each is made small


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--format", choices=FORMATS, action="append", help="default: all")
    parser.add_argument("--count", type=int, default=10**9, help="mutants of each format")
    parser.add_argument("--seconds", type=float, help="per format; default 60 without --count")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first mutant")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--corpus", type=Path, default=ROOT / "build" / "fuzz")
    parser.add_argument("--replay", type=Path, nargs="+", help="files to examine instead")
    options = parser.parse_args()
    if options.replay:
        return max(replay(path) for path in options.replay)
    seconds = options.seconds or (60.0 if options.count == 10**9 else 10**9)
    failures = 0
    for format in options.format or FORMATS:
        failures += attack(format, seconds, options)
    return int(failures > 0)


def attack(format: str, seconds: float, options: argparse.Namespace) -> int:
    """One campaign; the number of failures."""
    figures, start, shown = Figures(), time.monotonic(), 0.0
    told: set[int] = set()
    for figures in run_campaign(
        format, options.seed, options.count, seconds, options.workers, options.first
    ):
        for number in figures.failures.keys() - told:
            told.add(number)
            print(f"  {format} mutant {number}: {figures.failures[number]}", flush=True)
        if time.monotonic() - shown > 10:
            shown = time.monotonic()
            print(f"  {format} {shown - start:5.0f} s  {text_of(figures)}", flush=True)
    print(f"{format}: {text_of(figures)}")
    print(f"  slowest {figures.slowest[0]:.3f} s (mutant {figures.slowest[1]}), largest allocation")
    print(
        f"  beyond what a file declares {figures.largest[0]} bytes (mutant {figures.largest[1]}),"
    )
    print(f"  {len(figures.sentences)} different refusals, {time.monotonic() - start:.0f} s")
    seen: set[str] = set()
    for number, problem in sorted(figures.failures.items()):
        if sentence(problem) not in seen and len(seen) < SHOWN:
            seen.add(sentence(problem))
            show_failure(format, number, problem, options)
    return len(figures.failures)


def text_of(figures: Figures) -> str:
    kinds = ", ".join(f"{kind} {count}" for kind, count in figures.kinds.most_common())
    return f"{figures.kinds.total()} mutants, {len(figures.failures)} failures: {kinds}"


def show_failure(format: str, number: int, problem: str, options: argparse.Namespace) -> None:
    """Make the mutant small, keep it, and print how to see it again."""
    data, whole = FORMATS[format].mutant(options.seed, number), sentence(problem)
    if sentence(examine(data).problem) == whole:  # not one that crashes or hangs
        data = smallest(data, FORMATS[format], lambda d: sentence(examine(d).problem) == whole)
    path = save(options.corpus, format, data)
    print(f"FAILED mutant {number}: {problem}\n  python scripts/fuzz.py --replay {path}")


def replay(path: Path) -> int:
    outcome = examine(path.read_bytes())
    print(f"{path}: {outcome.kind} {outcome.message}")
    print(f"  {outcome.seconds:.3f} s, {outcome.bytes} bytes beyond what it declares")
    if outcome.problem:
        print(f"  FAILED: {outcome.problem}")
    return int(bool(outcome.problem))


if __name__ == "__main__":
    sys.exit(main())
