"""Settings for all layers: `keras.config`."""

from __future__ import annotations

from edgekit.errors import UnsupportedOperator
from edgekit.train.dtype_policies import dtype_policy as dtype_policy
from edgekit.train.dtype_policies import floatx as floatx
from edgekit.train.dtype_policies import set_dtype_policy as set_dtype_policy
from edgekit.train.dtype_policies import set_floatx as set_floatx
from edgekit.train.messages import disable_interactive_logging as disable_interactive_logging
from edgekit.train.messages import enable_interactive_logging as enable_interactive_logging
from edgekit.train.messages import (
    is_interactive_logging_enabled as is_interactive_logging_enabled,
)

__all__ = [
    "backend",
    "disable_interactive_logging",
    "dtype_policy",
    "enable_interactive_logging",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_interactive_logging_enabled",
    "set_dtype_policy",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
]

_STATE = {"epsilon": 1e-7}


def backend() -> str:
    """The name of the array library."""
    return "numpy"


def epsilon() -> float:
    """The small number that keeps functions of this kind from dividing by zero."""
    return _STATE["epsilon"]


def set_epsilon(value: float) -> None:
    """Set what `epsilon()` gives."""
    _STATE["epsilon"] = float(value)


def image_data_format() -> str:
    """Where pictures have their channels: last, always."""
    return "channels_last"


def set_image_data_format(data_format: str) -> None:
    """Accepts "channels_last"; raises UnsupportedOperator for another."""
    if data_format != "channels_last":
        raise UnsupportedOperator(
            f"image_data_format {data_format!r} is not supported: put the channels last, "
            "(batch, height, width, channels)"
        )
