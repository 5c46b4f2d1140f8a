"""Files in a folder, and below it."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["files_below"]


def files_below(folder: Path, suffixes: tuple[str, ...], follow_links: bool) -> list[str]:
    """The paths of all files with one of these endings, in an order that is the same everywhere."""
    found = []
    for place, inner, files in os.walk(folder, followlinks=follow_links):
        inner.sort()
        found += [os.path.join(place, f) for f in sorted(files) if f.lower().endswith(suffixes)]
    return found
