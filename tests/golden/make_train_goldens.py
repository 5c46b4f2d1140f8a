"""Make primitives/*.npz: outputs and gradients of every primitive by PyTorch in float64.

    python tests/golden/make_train_goldens.py [family ...]

A family is a module of tests/train/primitive_cases, and its functions by PyTorch the module of the
same name in torch_references; without a name all are made. Needs PyTorch; the tests need only the
files. Every case holds its inputs (x0, x1 ...), a weight `g` for the output, PyTorch's output `y`,
its gradients of sum(g * y) by every floating input (d0, d1 ...), and the gradients of a weighted
sum of these gradients (s0, s1 ...): second derivatives.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.train.primitive_cases import FAMILIES, make_inputs, second_weight

TARGET = Path(__file__).with_name("primitives")


def second_gradients(first, floating):
    """By every input, of the sum of all gradients times the weights of `second_weight`."""
    total = sum((d * torch.tensor(second_weight(d.shape))).sum() for d in first)
    if not total.requires_grad:
        return [torch.zeros_like(t) for t in floating]
    found = torch.autograd.grad(total, floating, allow_unused=True)
    return [torch.zeros_like(t) if s is None else s for s, t in zip(found, floating, strict=True)]


def make_family(family: str) -> None:
    """Run every case of a family and write its file."""
    functions = importlib.import_module(f"tests.golden.torch_references.{family}").TORCH
    arrays: dict[str, np.ndarray] = {}
    for identifier, name, inputs, attrs in FAMILIES[family]:
        given = make_inputs(identifier, inputs)
        tensors = [
            None if x is None else torch.tensor(x, requires_grad=x.dtype.kind == "f") for x in given
        ]
        y = functions[name](*tensors, **attrs)
        rng = np.random.default_rng(len(identifier))
        g = rng.normal(size=tuple(y.shape)).astype(np.float32).astype(np.float64)
        floating = [t for t in tensors if t is not None and t.requires_grad]
        first = torch.autograd.grad(y, floating, torch.tensor(g), create_graph=True)
        second = second_gradients(first, floating)
        arrays[f"{identifier}/y"] = y.detach().numpy()
        arrays[f"{identifier}/g"] = g.astype(np.float32)
        for i, (x, t) in enumerate(zip(given, tensors, strict=True)):
            if x is None:
                continue
            arrays[f"{identifier}/x{i}"] = x.astype(np.float32) if x.dtype.kind == "f" else x
            if t.requires_grad:
                at = next(j for j, other in enumerate(floating) if other is t)
                arrays[f"{identifier}/d{i}"] = first[at].detach().numpy()
                arrays[f"{identifier}/s{i}"] = second[at].numpy(force=True)
    path = TARGET / f"{family}.npz"
    np.savez_compressed(path, **arrays)
    print(f"{family}: {len(FAMILIES[family])} cases, {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    TARGET.mkdir(exist_ok=True)
    for family in sys.argv[1:] or FAMILIES:
        make_family(family)
