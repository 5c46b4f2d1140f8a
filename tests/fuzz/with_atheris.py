"""Mutation of the same files guided by coverage, with atheris (the extra "fuzz").

    python -m tests.fuzz.with_atheris build/fuzz/atheris tests/attacks/corpus -max_total_time=600

The arguments are libFuzzer's. The first folder, if it is not there, is filled with good files; a
file that does what no file may do stops it and is kept.
"""

from __future__ import annotations

import sys
from pathlib import Path

from edgekit.errors import require


def main() -> None:
    atheris = require("atheris", extra="fuzz")
    with atheris.instrument_imports(include=["edgekit"]):  # what is imported before is not seen
        from .campaign import save
        from .formats import FORMATS
        from .target import examine

    def once(data: bytes) -> None:
        """The file as it is, and a `.edge` file also with digests that fit."""
        for candidate in dict.fromkeys((data, FORMATS["edge"].seal(data))):
            problem = examine(candidate).problem
            if problem:
                raise AssertionError(problem)

    for folder in [Path(text) for text in sys.argv[1:2] if not text.startswith("-")]:
        for format in FORMATS.values() if not folder.exists() else ():
            for data in format.seeds:
                save(folder, format.name, data)
    atheris.Setup(sys.argv, once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
