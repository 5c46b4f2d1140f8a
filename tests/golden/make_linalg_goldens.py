"""Make tests/golden/linalg.npz: derivatives of `keras.ops.linalg` by PyTorch in float64.

    python tests/golden/make_linalg_goldens.py

Of every case: its number (y), the gradients by its inputs (d0, d1), and the gradients of a weighted
sum of these (s0, s1).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.keras.linalg_cases import CASES, inputs_of, weights_of

torch.set_default_dtype(torch.float64)


class La:
    """PyTorch under Keras' names."""

    array, sum, square, matmul = torch.tensor, torch.sum, torch.square, torch.matmul
    det, inv, eigh, solve = (getattr(torch.linalg, n) for n in ("det", "inv", "eigh", "solve"))
    cholesky, qr, pinv = torch.linalg.cholesky, torch.linalg.qr, torch.linalg.pinv
    cholesky_inverse = torch.cholesky_inverse

    @staticmethod
    def turned(x):
        return x.mT

    @staticmethod
    def lstsq(a, b):
        return torch.linalg.lstsq(a, b).solution

    @staticmethod
    def solve_triangular(a, b, lower=False):
        return torch.linalg.solve_triangular(a, b, upper=not lower)

    @staticmethod
    def svd(x, full_matrices=True, compute_uv=True):
        if not compute_uv:
            return torch.linalg.svdvals(x)
        return torch.linalg.svd(x, full_matrices=full_matrices)

    @staticmethod
    def norm(x, ord=None, axis=None, keepdims=False):
        return torch.linalg.norm(x, ord, axis, keepdims)


def main() -> None:
    arrays = {}
    for name, (function, _) in CASES.items():
        given = [torch.tensor(x, requires_grad=True) for x in inputs_of(name)]
        y = function(La, *given)
        first = torch.autograd.grad(y, given, create_graph=True, materialize_grads=True)
        arrays[f"{name}/y"] = y.detach().numpy()
        total = sum((d * torch.tensor(weights_of(*d.shape))).sum() for d in first)
        second = [torch.zeros_like(x) for x in given]
        if total.requires_grad:
            second = torch.autograd.grad(total, given, materialize_grads=True)
        for i, (d, s) in enumerate(zip(first, second, strict=True)):
            arrays[f"{name}/d{i}"] = d.detach().numpy(force=True)
            arrays[f"{name}/s{i}"] = s.detach().numpy(force=True)
    np.savez_compressed(Path(__file__).with_name("linalg.npz"), **arrays)


if __name__ == "__main__":
    main()
