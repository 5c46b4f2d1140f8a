"""Python functions in configs: by their names, or as code, which is run only where trusted."""

from __future__ import annotations

import base64
import contextlib
import marshal
import types
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from edgekit.errors import InputError, ModelFormatError, UnsupportedOperator
from edgekit.train.custom_objects import get_custom_objects, get_registered_name

__all__ = [
    "enable_unsafe_deserialization",
    "function_config",
    "function_from_config",
    "safe_mode_of",
]

_safe: ContextVar[bool] = ContextVar("safe_mode", default=True)
_STATE = {"unsafe": False}


@contextlib.contextmanager
def safe_mode_of(safe_mode: bool) -> Iterator[None]:
    """Within the block code in configs is refused, or run where `safe_mode` is False."""
    token = _safe.set(bool(safe_mode))
    try:
        yield
    finally:
        _safe.reset(token)


def enable_unsafe_deserialization() -> None:
    """Run Python code in all files that are loaded from now on, as with `safe_mode=False`.

    Only for files that you trust: such code can do whatever you can.
    """
    _STATE["unsafe"] = True


def function_config(function: Callable[..., Any]) -> dict[str, Any]:
    """The name of a function; for a lambda its code, as Keras 3 writes it."""
    name = getattr(function, "__name__", None)
    if name is None:
        raise InputError(f"{function!r} has no name, so no file can name it")
    if name != "<lambda>":
        registered = get_registered_name(function)
        return {
            "module": "builtins",
            "class_name": "function",
            "config": name,
            "registered_name": registered,
        }
    closure = [cell.cell_contents for cell in function.__closure__ or ()]
    code = base64.b64encode(marshal.dumps(function.__code__)).decode("ascii")
    return {
        "class_name": "__lambda__",
        "config": {"code": code, "defaults": function.__defaults__, "closure": closure or None},
    }


def function_from_config(config: Any, owner: str) -> Callable[..., Any]:
    """The function that `function_config` described; code only with `safe_mode=False`."""
    if callable(config):
        return config
    if not isinstance(config, Mapping):
        raise ModelFormatError(f"{owner}: a function was expected. Received: {config!r}")
    if config.get("class_name") == "__lambda__":
        return _from_code(config.get("config"), owner)
    known = get_custom_objects()
    for name in (config.get("registered_name"), config.get("config")):
        if isinstance(name, str) and callable(known.get(name)):
            return known[name]
    raise UnsupportedOperator(
        f"{owner}: the function {config.get('config')!r} is not known; pass it as "
        "custom_objects={name: function}"
    )


def _from_code(config: Any, owner: str) -> Callable[..., Any]:
    if _safe.get() and not _STATE["unsafe"]:
        raise UnsupportedOperator(
            f"{owner}: the file holds Python code, which is not run. If you trust where it comes "
            "from, load it with safe_mode=False; better, save a subclass of Layer instead"
        )
    try:
        # the same release of Python wrote it, or this fails
        code = marshal.loads(base64.b64decode(config["code"]))
    except (ValueError, TypeError, EOFError, KeyError) as error:
        raise ModelFormatError(f"{owner}: its code was written by another Python: {error}") from (
            error
        )
    closure = tuple(types.CellType(value) for value in config.get("closure") or ())
    defaults = config.get("defaults")
    made = types.FunctionType(code, _names(), name="<lambda>", closure=closure or None)
    made.__defaults__ = None if defaults is None else tuple(defaults)
    return made


def _names() -> dict[str, Any]:
    """What the code may use besides its arguments."""
    import numpy

    from edgekit.train import ops

    return {"np": numpy, "numpy": numpy, "ops": ops}
