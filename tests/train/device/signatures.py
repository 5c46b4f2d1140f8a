"""The parameters of cupy's functions and methods, written down beside as `signatures.txt`.

    python -m tests.train.device.signatures    (where cupy is installed) writes the file anew

so that a call with a parameter that numpy has and cupy has not fails on the simulated GPU too.
"""

from __future__ import annotations

import functools
import inspect
import re
from pathlib import Path
from typing import Any

from .names import FUNCTIONS, METHODS

__all__ = ["check", "parameters_of", "text_of_cupy"]

FILE = Path(__file__).with_name("signatures.txt")


@functools.cache
def _known() -> dict[str, frozenset[str]]:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return {name: frozenset(rest) for name, *rest in map(str.split, lines)}


def check(name: str, options: Any) -> None:
    """Raises TypeError where cupy's `name` has no parameter that is among the options."""
    wrong = set(options) - _known().get(name, frozenset(options))
    if wrong:
        raise TypeError(f"cupy's {name} has no parameter {', '.join(sorted(wrong))}")


def parameters_of(function: Any) -> list[str] | None:
    """The names of the parameters, in order; None where any are taken. Cython has them in text."""
    try:
        found = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return _parameters_in(function.__doc__ or "")
    if any(one.kind is one.VAR_KEYWORD for one in found):
        return _parameters_in(function.__doc__ or "")
    return [one.name for one in found if one.name != "self"]


def _parameters_in(text: str) -> list[str] | None:
    """Of a first line such as `Graph.launch(self, stream=None)`."""
    found = re.match(r"\s*[\w.]+\((.*?)\)\s*(?:->.*)?$", text.strip().split("\n\n")[0], re.DOTALL)
    if found is None:
        return None
    each = [re.sub(r"=.*", "", one, flags=re.DOTALL).strip() for one in _separated(found[1])]
    names = [re.sub(r":.*", "", one, flags=re.DOTALL).strip().split(" ")[-1] for one in each]
    return [name for name in names if re.fullmatch(r"[A-Za-z_]\w*", name) and name != "self"]


def _separated(text: str) -> list[str]:
    """Split at commas outside of brackets and quotes."""
    parts, depth, quoted = [""], 0, False
    for letter in text:
        quoted ^= letter == "'"
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth and not quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def text_of_cupy() -> str:
    """What the file has to hold, asked of the cupy that is installed."""
    import cupy

    lines = []
    for kind, names, owner in (("", FUNCTIONS, cupy), (".", METHODS, cupy.ndarray)):
        for name in sorted(names):
            parameters = parameters_of(getattr(owner, name))
            if parameters is not None:
                lines.append(" ".join([kind + name, *parameters]))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(text_of_cupy(), encoding="utf-8")
