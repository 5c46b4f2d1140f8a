"""The exceptions of edgekit, and the two functions that raise the most common of them.

Every message says what is wrong, where (the user's own layer name), what was expected, what was
received and what to do about it. The command line prints the message alone and exits 2
(3 for a missed gate).
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import TypeVar

__all__ = [
    "AccuracyGateError",
    "DelegateError",
    "EdgekitError",
    "InputError",
    "MissingExtraError",
    "ModelFormatError",
    "QuantizationError",
    "ShapeError",
    "UnsupportedOperator",
    "lookup",
    "require",
]

T = TypeVar("T")


class EdgekitError(Exception):
    """The base of everything edgekit raises on purpose."""


class InputError(EdgekitError, ValueError):
    """A file, an option or an array that the user gave cannot be used."""


class DelegateError(InputError, OSError):
    """A script asks for an accelerator's library; OSError is what one that is missing raises."""


class UnsupportedOperator(EdgekitError, ValueError):
    """An operator, layer or attribute value that edgekit does not know."""


class ModelFormatError(EdgekitError, ValueError):
    """A model file is damaged, hostile or of a version that is not known here."""


class ShapeError(EdgekitError, ValueError):
    """Shapes or dtypes that do not fit each other."""


class QuantizationError(EdgekitError, ValueError):
    """Calibration data or quantization parameters that cannot give a sound int8 model."""


class AccuracyGateError(EdgekitError):
    """The int8 model lost more accuracy than the caller allowed."""


class MissingExtraError(EdgekitError, ImportError):
    """An optional package is needed; the message names the extra that installs it."""


def lookup(
    table: Mapping[str, T],
    name: str,
    what: str,
    error: type[EdgekitError] = UnsupportedOperator,
) -> T:
    """The entry `name` of `table`, or `error` with the nearest known name.

    `what` names the kind of thing in the message: "operator", "layer", "optimizer".
    """
    if name in table:
        return table[name]
    import difflib  # slow to import, seldom needed

    near = difflib.get_close_matches(str(name), table, n=1)
    known = f"Known: {', '.join(sorted(table))}" if table else "There is none"
    hint = f" Did you mean {near[0]!r}?" if near else f" {known}."
    raise error(f"{what} {name!r} is not known.{hint}")


def require(module: str, *, extra: str) -> ModuleType:
    """Import a module of an optional package, or say which extra brings the package."""
    package = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != package:  # one that the package itself looks for
            raise _broken(package, extra, error) from error
        raise MissingExtraError(
            f"this needs the package {package!r}, which is not installed; "
            f'install it with: pip install "edgekit[{extra}]"'
        ) from error
    except Exception as error:  # built for another numpy, without its libraries ...
        raise _broken(package, extra, error) from error


def _broken(package: str, extra: str, error: Exception) -> MissingExtraError:
    return MissingExtraError(
        f"this needs the package {package!r}, which is installed, but cannot be loaded "
        f"({type(error).__name__}: {error}); install what belongs together with: "
        f'pip install --force-reinstall "edgekit[{extra}]"'
    )
