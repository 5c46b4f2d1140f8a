"""The product of matrices wherever they are."""

from __future__ import annotations

import numpy as np

from edgekit.train.backend import Array

__all__ = ["matmul"]


def matmul(a: Array, b: Array, out: Array | None = None) -> Array:
    """a @ b, into `out` where that is given: by BLAS on a CPU, by our own kernels on a GPU.

    cupy would hand it to cuBLAS, which it refuses while a step is captured.
    """
    if type(a) is np.ndarray:
        if a.ndim <= 2 and b.ndim == 2:
            return a.dot(b, out)  # half of what np.matmul takes to set up
        return np.matmul(a, b, out=out)
    from edgekit.train.gpu.matmul import matmul as on_gpu

    return on_gpu(a, b, out)
