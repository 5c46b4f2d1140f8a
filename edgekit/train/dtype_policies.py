"""In which dtype a layer keeps its weights, and in which its outputs are.

numpy has no float16 arithmetic worth the name: its products of matrices are hundreds of times
slower than float32, and it has no bfloat16 at all. On a CPU both are therefore storage. With
"mixed_float16" the weights are float32 and what a layer returns is kept in float16; with "float16"
the weights are float16 too, until an optimizer takes them up, which keeps float32 ones. The
arithmetic inside of a layer is float32 either way, and gradients stay float32, so that nothing
underflows and no loss scaling is needed. "mixed_bfloat16" and "bfloat16" are the same with the
bfloat16 of the package ml_dtypes. "float64" computes in float64.

On a GPU layers that are products, and what stands around them (`edgekit.train.gpu.half`), read and
write float16 or bfloat16 and add up in float32. Gradients are stored like outputs there, so for
"mixed_float16" `compile` puts a LossScaleOptimizer around the optimizer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgekit.errors import InputError, UnsupportedOperator, require

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
    "bfloat16": ("bfloat16", "bfloat16"),
    "float16": ("float16", "float16"),
    "float32": ("float32", "float32"),
    "float64": ("float64", "float64"),
    "mixed_bfloat16": ("float32", "bfloat16"),
    "mixed_float16": ("float32", "float16"),
}
_STATE: dict[str, Any] = {"floatx": "float32", "policy": None}


class DTypePolicy:
    """A policy by name: "float32", "float64", "float16", "mixed_float16", "bfloat16" or
    "mixed_bfloat16".

    variable_dtype: of weights. compute_dtype: of outputs (as Keras calls it). arithmetic: in which
    a layer really computes. storage: the numpy dtype of outputs that are kept in 16 bits, else
    None.
    """

    def __init__(self, name: str = "float32") -> None:
        if isinstance(name, str) and name.endswith("bfloat16"):
            require("ml_dtypes", extra="bfloat16")  # numpy knows the dtype by name from then on
        known = _POLICIES.get(name)
        if known is None and _is_plain_dtype(name):
            known = (str(np.dtype(name)),) * 2
        if known is None:
            raise UnsupportedOperator(
                f"dtype policy {name!r} is not known; there are {', '.join(sorted(_POLICIES))}"
            )
        self.name = name
        self.variable_dtype, self.compute_dtype = known
        dtype = np.dtype(self.compute_dtype)
        self.storage = dtype if self.compute_dtype in ("float16", "bfloat16") else None
        self.arithmetic = dtype if self.storage is None else np.dtype(np.float32)

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
    """Choose "float16", "bfloat16", "float32" or "float64" where nothing else is said."""
    known = ("float16", "bfloat16", "float32", "float64")
    if value not in known:
        raise InputError(f"floatx must be one of {known}. Received: {value!r}")
    _STATE["floatx"] = value
