"""In which dtype a layer keeps its weights, and in which its outputs are.

numpy has no float16 arithmetic worth the name: its products of matrices are hundreds of times
slower than float32. float16 is therefore storage here. With "mixed_float16" the weights are float32
and what a layer returns is kept in float16; with "float16" the weights are float16 too, until an
optimizer takes them up, which keeps float32 ones. The arithmetic inside of a layer is float32
either way, and gradients stay float32, so that nothing underflows and no loss scaling is needed.
"float64" computes in float64.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgekit.errors import InputError, UnsupportedOperator

__all__ = [
    "DTypePolicy",
    "Policy",
    "dtype_policy",
    "floatx",
    "get",
    "global_policy",
    "serialize",
    "set_dtype_policy",
    "set_floatx",
    "set_global_policy",
]

# name -> dtype of weights, dtype of outputs
_POLICIES = {
    "float16": ("float16", "float16"),
    "float32": ("float32", "float32"),
    "float64": ("float64", "float64"),
    "mixed_float16": ("float32", "float16"),
}
_STATE: dict[str, Any] = {"floatx": "float32", "policy": None}


class DTypePolicy:
    """A policy by name: "float32", "float64", "float16" or "mixed_float16".

    variable_dtype: of weights. compute_dtype: of outputs (as Keras calls it). arithmetic: in which
    a layer really computes.
    """

    def __init__(self, name: str = "float32") -> None:
        if name in ("bfloat16", "mixed_bfloat16"):
            raise UnsupportedOperator(
                f"dtype policy {name!r}: numpy has no bfloat16; use 'mixed_float16' or 'float32'"
            )
        known = _POLICIES.get(name)
        if known is None and _is_plain_dtype(name):
            known = (str(np.dtype(name)),) * 2
        if known is None:
            raise UnsupportedOperator(
                f"dtype policy {name!r} is not known; there are {', '.join(sorted(_POLICIES))}"
            )
        self.name = name
        self.variable_dtype, self.compute_dtype = known
        half = self.compute_dtype == "float16"
        self.arithmetic = np.dtype("float32" if half else self.compute_dtype)

    @property
    def quantization_mode(self) -> None:
        return None

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> DTypePolicy:
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'


Policy = DTypePolicy


def _is_plain_dtype(name: Any) -> bool:
    try:
        return np.dtype(name).kind in "iub"
    except TypeError:
        return False


def get(identifier: Any) -> DTypePolicy:
    """A policy from a name, a dtype, a config of Keras, a policy, or None (the global one)."""
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, str):
        return DTypePolicy(identifier)
    if isinstance(identifier, Mapping):
        config = identifier.get("config", identifier)
        if identifier.get("class_name", "DTypePolicy") not in ("DTypePolicy", "Policy"):
            raise UnsupportedOperator(
                f"dtype policy {identifier['class_name']!r} is not supported; use a plain one"
            )
        return DTypePolicy(config.get("name"))
    try:
        return DTypePolicy(np.dtype(identifier).name)
    except TypeError as error:
        raise InputError(f"a dtype policy is a name or a dtype. Received: {identifier!r}") from (
            error
        )


def serialize(policy: DTypePolicy) -> dict[str, Any]:
    """A policy as Keras 3 writes it into the config of a layer."""
    return {
        "module": "keras",
        "class_name": "DTypePolicy",
        "config": policy.get_config(),
        "registered_name": None,
    }


def dtype_policy() -> DTypePolicy:
    """The policy of layers that are given none."""
    return _STATE["policy"] or DTypePolicy(_STATE["floatx"])


def set_dtype_policy(policy: Any) -> None:
    """Choose the policy of layers that are given none; None goes back to `floatx()`."""
    _STATE["policy"] = None if policy is None else get(policy)


global_policy = dtype_policy
set_global_policy = set_dtype_policy


def floatx() -> str:
    """The dtype of weights where nothing else is said: "float32"."""
    return str(_STATE["floatx"])


def set_floatx(value: str) -> None:
    """Choose "float16", "float32" or "float64" for everything that says nothing else."""
    if value not in ("float16", "float32", "float64"):
        raise InputError(f"floatx must be 'float16', 'float32' or 'float64'. Received: {value!r}")
    _STATE["floatx"] = value
