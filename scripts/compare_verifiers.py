"""Judge mutated files by `edgekit.schema.decoder` and by flatbuffers' C++ verifier.

    python scripts/compare_verifiers.py --count 50000

Exits 1 if C++ refuses a file that is decoded here. What is refused here alone is listed with the
reason; Debian: apt install flatbuffers-compiler libflatbuffers-dev g++.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.fuzz.verifiers import all_formats, missing_program  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000, help="mutants of each format")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if missing := missing_program():
        print(f"skipped: {missing}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        found = all_formats(ROOT / "schemas", Path(folder), options.seed, options.count)
    for format, result in found.items():
        print(f"{format}: {result.both_accept} accepted and {result.both_refuse} refused by both;")
        print(f"  refused by C++ alone: {len(result.only_theirs)} {result.only_theirs[:10]}")
        print(f"  refused here alone: {result.only_ours.total()}")
        for reason, count in result.only_ours.most_common():
            print(f"    {count:6} {reason}")
    return int(any(result.only_theirs for result in found.values()))


if __name__ == "__main__":
    sys.exit(main())
