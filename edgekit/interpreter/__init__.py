"""Run `.edge` and `.tflite` models with numpy alone.

What a device seldom needs is imported when it is first asked for (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .collector import collector_paused

with collector_paused():
    from .interpreter import Interpreter as Interpreter

# name -> the module that holds it
_HOME = {
    "Profile": "profiling",
    "Verification": "verification",
    "profile": "profiling",
    "record_test_vectors": "verification",
    "verify": "verification",
}

__all__ = [
    "Interpreter",
    "Profile",
    "Verification",
    "profile",
    "record_test_vectors",
    "verify",
]

if TYPE_CHECKING:
    from .profiling import Profile as Profile
    from .profiling import profile as profile
    from .verification import Verification as Verification
    from .verification import record_test_vectors as record_test_vectors
    from .verification import verify as verify


def __getattr__(name: str) -> Any:
    """Import a public name at its first use."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
