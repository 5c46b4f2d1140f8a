"""What scripts of tflite_runtime choose beside a model: kernels by OpResolverType, and delegates.

There is one set of kernels here, and nothing to hand layers to.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, NoReturn

from edgekit.errors import DelegateError, InputError

__all__ = ["OpResolverType", "load_delegate", "resolved_arithmetic"]


class OpResolverType(Enum):
    """Which of LiteRT's runtimes a script wants the bits of.

    BUILTIN_REF are its reference kernels: `arithmetic="fixedpoint"`. AUTO and BUILTIN are its
    default. BUILTIN_WITHOUT_DEFAULT_DELEGATES, which scripts choose to keep XNNPACK out, gets the
    bits of the default too: what LiteRT computes then depends on the machine.
    """

    AUTO = 0
    BUILTIN = 1
    BUILTIN_REF = 2
    BUILTIN_WITHOUT_DEFAULT_DELEGATES = 3


def resolved_arithmetic(
    arithmetic: str | None,
    resolver: OpResolverType | None = None,
    delegates: Sequence[object] | None = None,
) -> str | None:
    """The arithmetic that was asked for, by itself or by a resolver.

    Raises DelegateError where a script hands in delegates.
    """
    if delegates:
        raise DelegateError(
            f"edgekit takes no delegates, received {len(delegates)}: it computes with numpy on "
            "the processor; leave experimental_delegates out"
        )
    if resolver is None:
        return arithmetic
    if not isinstance(resolver, OpResolverType):
        raise InputError(
            f"the op resolver type must be an OpResolverType of edgekit.interpreter, received "
            f"{resolver!r}"
        )
    if resolver is not OpResolverType.BUILTIN_REF:
        return arithmetic
    if arithmetic not in (None, "fixedpoint"):
        raise InputError(
            f"BUILTIN_REF rounds as 'fixedpoint', the arithmetic asked for is {arithmetic!r}; "
            "leave one of them out"
        )
    return "fixedpoint"


def load_delegate(
    library: str | os.PathLike[str], options: Mapping[str, Any] | None = None
) -> NoReturn:
    """Always DelegateError, which scripts that go on without an accelerator catch."""
    raise DelegateError(
        f"delegate {os.fspath(library)!r} cannot be loaded: edgekit computes with numpy on the "
        "processor; leave it out"
    )
