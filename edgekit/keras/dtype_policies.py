"""In which dtypes layers keep weights and outputs: `keras.dtype_policies`."""

from edgekit.keras.layout import forward

_HELD = "edgekit.train.dtype_policies"

__all__, __getattr__, __dir__ = forward(
    "dtype_policies",
    None,
    {
        "DTypePolicy": f"{_HELD}:DTypePolicy",
        "FloatDTypePolicy": f"{_HELD}:DTypePolicy",
        "deserialize": f"{_HELD}:get",
        "get": f"{_HELD}:get",
        "serialize": f"{_HELD}:serialize",
    },
)
