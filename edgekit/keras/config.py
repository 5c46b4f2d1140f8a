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
from edgekit.train.saving.functions import (
    enable_unsafe_deserialization as enable_unsafe_deserialization,
)

__all__ = [
    "backend",
    "disable_flash_attention",
    "disable_interactive_logging",
    "disable_traceback_filtering",
    "dtype_policy",
    "enable_flash_attention",
    "enable_interactive_logging",
    "enable_traceback_filtering",
    "enable_unsafe_deserialization",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_flash_attention_enabled",
    "is_interactive_logging_enabled",
    "is_nnx_enabled",
    "is_traceback_filtering_enabled",
    "set_backend",
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


def set_backend(backend: str) -> None:
    """Accepts "numpy", which is the only one; raises UnsupportedOperator for another."""
    if backend != "numpy":
        raise UnsupportedOperator(
            f"backend {backend!r} is not here: edgekit computes with numpy, and on a GPU with cupy "
            "after edgekit.train.backend.set_device('gpu')"
        )


def is_flash_attention_enabled() -> bool:
    """No: attention is computed as it is written."""
    return False


def disable_flash_attention() -> None:
    """Nothing to do: there is none."""


def enable_flash_attention() -> None:
    """Raises UnsupportedOperator: there is none."""
    raise UnsupportedOperator("there is no flash attention here; leave the line out")


def is_traceback_filtering_enabled() -> bool:
    """No: tracebacks are whole."""
    return False


def disable_traceback_filtering() -> None:
    """Nothing to do: tracebacks are whole."""


def enable_traceback_filtering() -> None:
    """Nothing happens: tracebacks stay whole."""


def is_nnx_enabled() -> bool:
    """No: there is no JAX below."""
    return False
