"""Names of devices, as TensorFlow and as edgekit spell them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from edgekit.errors import InputError

__all__ = ["all_devices", "read_devices"]

_NAME = re.compile(
    r"(?:/job:\w+)?(?:/replica:\d+)?(?:/task:\d+)?/?(?:device:)?(cpu|gpu)(?::(\d+))?"
)


def read_devices(names: Sequence[str]) -> list[str]:
    """ "cpu:N" and "gpu:N" for names such as "/gpu:0", "GPU:1" and "/device:CPU:0".

    Raises InputError for other names, for one given twice, and for CPUs among GPUs.
    """
    found = []
    for name in names:
        match = _NAME.fullmatch(str(name).lower())
        if match is None:
            raise InputError(f"device {name!r} is not known; use 'gpu:N', or 'cpu:N'")
        found.append(f"{match[1]}:{match[2] or 0}")
    if not found or len(set(found)) != len(found) or len({name[:3] for name in found}) > 1:
        raise InputError(
            f"replicas are on different devices of one kind. Received: devices={list(names)}"
        )
    return found


def all_devices() -> list[str]:
    """Every GPU of this machine, or the CPU where there is none that cupy can use."""
    try:
        cupy: Any = __import__("cupy")
        count = cupy.cuda.runtime.getDeviceCount()
    except Exception:  # no cupy, no driver, no library: each has an exception of its own
        count = 0
    return [f"gpu:{i}" for i in range(count)] or ["cpu:0"]
