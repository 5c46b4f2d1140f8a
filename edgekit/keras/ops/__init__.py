"""Functions of arrays and tensors under Keras 3's names: `keras.ops`.

They work on tensors, on arrays and on the symbolic tensors of the functional API, and a tape
follows them wherever there is a derivative.
"""

from edgekit.keras.layout import forward
from edgekit.keras.ops import constants, linear, networks, numbers, reductions, shapes

_PARTS = (numbers, reductions, constants, shapes, linear, networks)
# which Keras has here as well
_LINALG = (
    "cholesky", "cholesky_inverse", "det", "eigh", "inv", "lstsq", "lu_factor", "matrix_rank",
    "norm", "pinv", "qr", "solve", "solve_triangular", "svd",
)  # fmt: skip

__all__, __getattr__, __dir__ = forward(
    "ops",
    None,
    {
        **{name: f"{part.__name__}:{name}" for part in _PARTS for name in part.__all__},
        **{name: f"edgekit.keras.ops.linalg:{name}" for name in _LINALG},
        "image": "edgekit.keras.ops.image",
        "linalg": "edgekit.keras.ops.linalg",
    },
)
