"""Make quantization/fake_quantize.npz: PyTorch's fake quantization and its gradients, in float64.

    python tests/golden/make_fake_quantize_goldens.py

Needs PyTorch; the tests need only the file. Inputs reach beyond the range on both sides, and hold
zero and the ends. Numbers within a thousandth of a step of a half are left out: where they round
to is decided by the last bit.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

TARGET = Path(__file__).parent / "quantization" / "fake_quantize.npz"


def apart_from_halves(x: np.ndarray, scale: np.ndarray | float) -> np.ndarray:
    """`x`, with what would lie between two steps moved a hundredth of a step."""
    steps = x / scale
    between = np.abs(np.abs(steps - np.rint(steps)) - 0.5) < 1e-3
    return np.where(between, x + 0.01 * scale, x)


def main() -> None:
    rng = np.random.default_rng(0)
    found: dict[str, np.ndarray] = {}
    cases = [(0.05, -128), (0.05, 127), (0.0173, 4), (3.5, -20), (1e-4, 0)]
    for i, (scale, zero_point) in enumerate(cases):
        scale = float(np.float32(scale))
        ends = np.array([-128.0, 127.0]) - zero_point
        x = np.concatenate([rng.uniform(ends[0] - 40, ends[1] + 40, 200), ends, [0.0]]) * scale
        x = apart_from_halves(x, scale)
        g = rng.normal(size=x.shape)
        tensor = torch.tensor(x, requires_grad=True)
        y = torch.fake_quantize_per_tensor_affine(tensor, scale, zero_point, -128, 127)
        y.backward(torch.tensor(g))
        found.update({f"tensor{i}/x": x, f"tensor{i}/g": g, f"tensor{i}/y": y.detach().numpy()})
        found[f"tensor{i}/d"] = tensor.grad.numpy()
        found[f"tensor{i}/params"] = np.array([scale, zero_point])
    for axis, shape in ((0, (5, 3, 4)), (3, (3, 3, 2, 6)), (1, (7, 4))):
        scales = rng.uniform(0.01, 0.1, shape[axis]).astype(np.float32).astype(np.float64)
        along = scales.reshape([-1 if i == axis else 1 for i in range(len(shape))])
        w = apart_from_halves(rng.uniform(-170, 170, shape) * along, along)
        g = rng.normal(size=shape)
        tensor = torch.tensor(w, requires_grad=True)
        y = torch.fake_quantize_per_channel_affine(
            tensor, torch.tensor(scales, dtype=torch.float32),
            torch.zeros(len(scales), dtype=torch.int32), axis, -127, 127,
        )  # fmt: skip
        y.backward(torch.tensor(g))
        found.update({f"channel{axis}/x": w, f"channel{axis}/g": g, f"channel{axis}/scales": along})
        found[f"channel{axis}/y"] = y.detach().numpy()
        found[f"channel{axis}/d"] = tensor.grad.numpy()
    TARGET.parent.mkdir(exist_ok=True)
    np.savez_compressed(TARGET, **found)


if __name__ == "__main__":
    main()
