"""Files in a folder, and below it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

__all__ = ["files_below", "files_of_each"]


def files_below(folder: Path, suffixes: tuple[str, ...], follow_links: bool) -> list[str]:
    """The paths of all files with one of these endings, in an order that is the same everywhere."""
    found = []
    for place, inner, files in os.walk(folder, followlinks=follow_links):
        inner.sort()
        found += [os.path.join(place, f) for f in sorted(files) if f.lower().endswith(suffixes)]
    return found


def files_of_each(
    root: Path, names: Iterable[str], suffixes: tuple[str, ...], follow_links: bool
) -> tuple[list[str], list[int]]:
    """The files below each of the subfolders `names`, and the number of the subfolder of each."""
    paths: list[str] = []
    numbers: list[int] = []
    for number, name in enumerate(names):
        found = files_below(root / name, suffixes, follow_links)
        paths += found
        numbers += [number] * len(found)
    return paths, numbers
