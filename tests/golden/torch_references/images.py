"""Resizing and warping, by PyTorch."""

from __future__ import annotations

import torch
import torch.nn.functional as F

MODES = {
    "area": {"mode": "area"},
    "bilinear": {"mode": "bilinear", "align_corners": False},
    "nearest": {"mode": "nearest-exact"},
}


def resize(x, size, method="bilinear", antialias=False):
    options = dict(MODES[method])
    if antialias:
        options["antialias"] = True
    return F.interpolate(x.permute(0, 3, 1, 2), size=size, **options).permute(0, 2, 3, 1)


def warp(x, transforms, fill_mode, interpolation="bilinear"):
    height, width = x.shape[1:3]
    maps = torch.tensor(transforms, dtype=x.dtype)
    v, u = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    points = torch.stack([u, v, torch.ones_like(u)], -1).to(x.dtype)
    columns, rows = (torch.einsum("hwi,ni->nhw", points, maps[:, at : at + 3]) for at in (0, 3))
    grid = torch.stack([2 * columns / (width - 1) - 1, 2 * rows / (height - 1) - 1], -1)
    padding = {"constant": "zeros", "nearest": "border"}[fill_mode]
    y = F.grid_sample(
        x.permute(0, 3, 1, 2), grid, interpolation, padding_mode=padding, align_corners=True
    )
    return y.permute(0, 2, 3, 1)


TORCH = {"resize_images": resize, "warp_images": warp}
