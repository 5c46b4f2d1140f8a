"""Make tests/attacks/corpus/: for each sentence that refuses a file, the smallest file it refuses.

    python scripts/make_corpus.py                 # look for more; keep what is there
    python scripts/make_corpus.py --fresh         # begin anew

Files come from mutants, from hand-made attacks and from the corpus itself, and are made small
one by one. `sentences.json` says what each is refused with.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.attacks.crafted import CRAFTED  # noqa: E402
from tests.fuzz.formats import FORMATS, Format  # noqa: E402
from tests.fuzz.smaller import smallest  # noqa: E402
from tests.fuzz.target import REFUSALS, examine, sentence  # noqa: E402

CORPUS = ROOT / "tests" / "attacks" / "corpus"
INDEX = CORPUS / "sentences.json"
LARGEST_FILE = 1500  # bytes: what does not become small is found again by the next campaign
SEED = 77


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000, help="mutants of each format")
    parser.add_argument("--seconds", type=float, default=3.0, help="to make one file small")
    parser.add_argument("--fresh", action="store_true")
    options = parser.parse_args()
    CORPUS.mkdir(exist_ok=True)
    for attacked in FORMATS.values():
        format = replace(attacked, folders=())  # of files written here alone, not of other people's
        start, found = time.monotonic(), {}
        for data in candidates(format, options.count, options.fresh):
            said = refusal(data)
            if said is not None and len(data) < len(found.get(said, bytes(2**20))):
                found[said] = data
        print(f"{format.name}: {len(found)} sentences after {time.monotonic() - start:.0f} s")
        for said, data in found.items():
            small = smallest(data, format, lambda d, said=said: refusal(d) == said, options.seconds)
            found[said] = small
        write(format.name, found)


def candidates(format: Format, count: int, fresh: bool) -> Iterator[bytes]:
    if not fresh:
        yield from (path.read_bytes() for path in sorted(CORPUS.glob(f"*.{format.name}")))
    yield from CRAFTED.get(format.name, {}).values()
    for number in range(count):
        yield format.mutant(SEED, number)


def refusal(data: bytes) -> tuple[str, str] | None:
    """The exception's name and its sentence; None for a file that is not refused."""
    outcome = examine(data)
    if outcome.kind not in [error.__name__ for error in REFUSALS]:
        return None
    return outcome.kind, sentence(outcome.message)


def write(format: str, found: dict[tuple[str, str], bytes]) -> None:
    """Replace the files of a format, named by their sentence so that they keep their names."""
    known = json.loads(INDEX.read_text(encoding="utf-8")) if INDEX.exists() else {}
    known = {name: said for name, said in known.items() if not name.endswith(f".{format}")}
    for path in CORPUS.glob(f"*.{format}"):
        path.unlink()
    for (error, said), data in found.items():
        if len(data) > LARGEST_FILE:
            print(f"  left out, {len(data)} bytes: {said}")
            continue
        name = f"{zlib.crc32(f'{error} {said}'.encode()):08x}.{format}"
        (CORPUS / name).write_bytes(data)
        known[name] = {"error": error, "sentence": said}
    text = json.dumps(dict(sorted(known.items())), indent=1, ensure_ascii=False)
    INDEX.write_text(text + "\n", encoding="utf-8")
    total = sum(path.stat().st_size for path in CORPUS.iterdir())
    print(f"  {len(known)} sentences, {total} bytes in all")


if __name__ == "__main__":
    main()
