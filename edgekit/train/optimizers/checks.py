"""What an optimizer's arguments and gradients must be."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from edgekit.errors import InputError
from edgekit.train.tensor import Variable

__all__ = ["check_counts", "check_gradients"]


def check_counts(use_ema: bool, momentum: float, frequency: Any, accumulation: Any) -> None:
    """Raise InputError for counts and shares that mean nothing."""
    if accumulation and (not isinstance(accumulation, int) or accumulation < 2):
        raise InputError(
            f"gradient_accumulation_steps must be an integer of at least 2. Received: "
            f"{accumulation!r}"
        )
    if not use_ema:
        return
    if not 0 <= momentum <= 1:
        raise InputError(f"ema_momentum must be from 0 to 1. Received: {momentum!r}")
    if frequency and (not isinstance(frequency, int) or frequency < 1):
        raise InputError(
            f"ema_overwrite_frequency must be a positive integer or None. Received: {frequency!r}"
        )


def check_gradients(grads: Sequence[Any], variables: Sequence[Variable]) -> None:
    """Warn of variables without a gradient; raise InputError where none has one."""
    missing = [v.path for g, v in zip(grads, variables, strict=True) if g is None]
    if len(missing) == len(variables):
        raise InputError(
            "no variable has a gradient: does the loss depend on the model's weights? "
            f"Variables: {missing}"
        )
    if missing:
        warnings.warn(
            f"the loss does not depend on {', '.join(missing)}: there is no gradient for it",
            stacklevel=3,
        )
