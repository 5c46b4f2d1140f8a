"""Run `.edge` and `.tflite` models with numpy alone.

What a device seldom needs is imported when it is first asked for (PEP 562). Python's search for
cycles is out of the way while the rest is imported, and while a model is opened.
"""

from __future__ import annotations

import gc
import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep Python from looking for cycles among what is made by the thousand and stays: modules
    and records. Each search goes through all that there is so far, and finds nothing.

    The first search after the pause would go through them once more. So they are made old, which
    is what they would be after it: full searches alone look at them from then on. Nobody's frozen
    objects are thawed for that, nor those that Python 3.12 freezes itself: it searches once more.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            if gc.get_freeze_count() == 0:
                gc.freeze()
                gc.unfreeze()  # into the oldest generation
            gc.enable()


with collector_paused():
    from .interpreter import Interpreter as Interpreter

# name -> the module that holds it
_HOME = {
    "OpResolverType": "delegates",
    "Profile": "profiling",
    "SignatureRunner": "signatures",
    "Verification": "verification",
    "load_delegate": "delegates",
    "profile": "profiling",
    "record_test_vectors": "verification",
    "verify": "verification",
}

__all__ = [
    "Interpreter",
    "OpResolverType",
    "Profile",
    "SignatureRunner",
    "Verification",
    "load_delegate",
    "profile",
    "record_test_vectors",
    "verify",
]

if TYPE_CHECKING:
    from .delegates import OpResolverType as OpResolverType
    from .delegates import load_delegate as load_delegate
    from .profiling import Profile as Profile
    from .profiling import profile as profile
    from .signatures import SignatureRunner as SignatureRunner
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
