"""Say what must change in Keras and tf.keras scripts to run on edgekit, and change it with --write.

Exit code: 0 when nothing is left to do by hand, 1 otherwise.
"""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["SUMMARY", "add_arguments", "run"]

SUMMARY = "rewrite a Keras or tf.keras script"
BY_HAND = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scripts", type=Path, nargs="+", metavar="script.py")
    parser.add_argument(
        "--write", action="store_true", help="change the files; without it they are only read"
    )


def run(options: argparse.Namespace) -> int:
    """Every file is rewritten in memory before the first one is written."""
    from edgekit.files import replacing
    from edgekit.migrate import migrate

    done = [(path, *migrate(path.read_bytes(), str(path))) for path in options.scripts]
    left = 0
    for path, _, changes in done:
        for change in changes:
            print(change.text(str(path)))
        left += sum(change.by_hand for change in changes)
    for path, rewritten, _ in done:
        if options.write and rewritten != path.read_bytes():
            with replacing(path) as file:
                file.write(rewritten)
    changed = sum(not change.by_hand for _, _, changes in done for change in changes)
    verb = "changed" if options.write else "to change"
    print(f"{changed} places {verb}, {left} left to do by hand")
    return BY_HAND if left else 0
