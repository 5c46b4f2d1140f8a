"""Where an error came from, in the user's words: the layer, the primitive, the line of the code."""

from __future__ import annotations

import os
import traceback

from edgekit.train.layers.calling import Calling
from edgekit.train.primitive import Primitive

__all__ = ["place_of"]

# the folder of the package: lines in it are not the user's
_OWN = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_OTHERS = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep, "<")


def place_of(error: BaseException) -> str:
    """`layer 'a/b', primitive 'relu', line 12 of model.py (if y > 0:): `, or "" where unknown."""
    layers: list[str] = []
    primitive = line = ""
    inside = True  # of a library: what is not, right after it, is where the user's code begins
    for frame, number in traceback.walk_tb(error.__traceback__):
        owner = frame.f_locals.get("self")
        code = frame.f_code
        if isinstance(owner, Calling) and code is Calling._run.__code__:
            layers.append(owner.name)
            primitive = line = ""
        if isinstance(owner, Primitive) and code is Primitive.call_saving.__code__:
            primitive = owner.name
        outside = not _is_library(code.co_filename)
        if outside and inside:
            line = _line(code.co_filename, number)
        inside = not outside
    parts = [
        f"layer {'/'.join(layers)!r}" if layers else "",
        f"primitive {primitive!r}" if primitive else "",
        line,
    ]
    found = ", ".join(part for part in parts if part)
    return f"{found}: " if found else ""


def _is_library(path: str) -> bool:
    # cupy's own code names its files by where they lay when it was built
    compiled = path.endswith((".pyx", ".pxi", ".pxd"))
    return compiled or path.startswith(_OWN + os.sep) or any(part in path for part in _OTHERS)


def _line(path: str, number: int) -> str:
    import linecache

    text = linecache.getline(path, number).strip()
    shown = f" ({text})" if text else ""
    return f"line {number} of {os.path.basename(path)}{shown}"
