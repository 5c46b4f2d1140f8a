"""Which tile a product of matrices is computed in, and into how many parts its depth is cut.

A block of threads computes one tile of the output; what decides is how often each number is used
once it has been fetched. For each of the H100's and H200's multiprocessors (128 fused
multiply-adds a clock, 128 bytes of shared memory a clock, 5 to 6 KB a clock from the L2 cache for
all 132 together):

| tile    | part of a thread | FLOP per byte fetched | read by a thread | by a tensor warp |
|---------|------------------|-----------------------|------------------|------------------|
| 128x128 | 8 x 8            | 32                    | 2.0              | 10.7 (64 x 32)   |
| 64x64   | 8 x 4            | 16                    | 1.33             | 8 (32 x 32)      |
| 128x32  | 8 x 4            | 12.8                  | 1.33             | 8 (32 x 32)      |
| 128x16  | 4 x 4            | 7.1                   | 1.0              | 5.3 (32 x 16)    |
| 32x32   | 4 x 2            | 8                     | 0.67             | 4 (16 x 16)      |

Fetched: 2 M N / (4 (M + N)) of a tile of M x N. At 32 FLOP per byte the 33 TFLOP/s of half the peak
need one TB/s, which the cache has; a tile of 128 x 16 asks for as much as it has. Read, of shared
memory: likewise of the part of a thread, or of a warp on tensor cores; 256 FLOP and 128 bytes a
clock ask for 2, or for less where lanes of a warp read the same words, which they do. The wide
tiles win by traffic; the narrow ones do not compute columns that are not there (an output of 16
channels would waste three quarters of a 64 x 64 tile); the small one has blocks enough for all
multiprocessors.

A product with few tiles and much depth (the gradient of a kernel sums over all pixels) is cut into
parts of its depth, which a second kernel adds in their order. The choice is made by the estimate
below from the shape alone, never from the device, so that every GPU adds in the same order. Its
constants are those of an H200's data sheet and have not been tuned by measurements.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

__all__ = ["CONV_TILES", "TILES", "Plan", "Tile", "has_room", "plan"]


class Tile(NamedTuple):
    """Rows and columns of the output that a block computes, its threads, and the float32 numbers
    along the depth that it fetches in one step. `rate` is the share of all clocks in which
    multiply-adds can be expected, beside loads and the arithmetic of addresses.

    `Shape` in sources/gemm.cuh says the same; a tile stands in both or in none.
    """

    rows: int
    columns: int
    threads: int
    step: int
    rate: float


class Plan(NamedTuple):
    """A tile, and the depth cut into `parts` of `part_depth` (the last one may be shorter)."""

    tile: Tile
    parts: int
    part_depth: int


TILES = (
    Tile(128, 128, 256, 16, 0.85),
    Tile(64, 64, 128, 16, 0.75),
    Tile(128, 32, 128, 16, 0.7),
    Tile(128, 16, 128, 16, 0.55),
    Tile(32, 32, 128, 32, 0.45),
)
CONV_TILES = TILES[1:]
"""Of convolutions: with 128 channels and more the tile of 64 x 64 has work enough."""

PARTS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
DEPTH_UNIT = 64
"""Parts of the depth are multiples of this, which every tile's step divides."""

MULTIPROCESSORS = 132
RESIDENT_THREADS = 512
"""How many threads of these kernels a multiprocessor holds: 128 registers each."""
MULTIPLY_ADDS = {"ieee": 128, "tf32": 512, "float16": 1024, "bfloat16": 1024}
"""For each clock and multiprocessor, of the kinds of arithmetic."""
STEP_CLOCKS = 600
"""From the request of a step's numbers to their use, where nothing else hides it."""
CACHE_BYTES = 5500
"""From the L2 cache in a clock."""
LAUNCH_CLOCKS = 2500
"""What one more kernel in a graph costs."""
NOT_HIDDEN = 0.25
"""Of what takes less time than the slowest of arithmetic, waiting and traffic: this share shows."""


@functools.lru_cache(maxsize=4096)
def plan(
    rows: int,
    columns: int,
    depth: int,
    batches: int = 1,
    arithmetic: str = "ieee",
    tiles: tuple[Tile, ...] = TILES,
    can_split: bool = True,
) -> Plan:
    """The plan of least estimated time for `batches` products (rows, depth) by (depth, columns)."""
    units = max(1, -(-depth // DEPTH_UNIT))
    found = []
    for tile in tiles:
        for parts in PARTS if can_split else PARTS[:1]:
            if parts > units:
                break
            part_depth = -(-units // parts) * DEPTH_UNIT
            made = Plan(tile, -(-units * DEPTH_UNIT // part_depth), part_depth)
            found.append((_clocks(made, (rows, columns, depth), batches, arithmetic), made))
    return min(found, key=lambda one: one[0])[1]  # the first of those that are equal


def has_room(made: Plan, rows: int, columns: int, batches: int = 1) -> bool:
    """Whether one more row costs next to nothing: it fits into a tile that is there anyway, or its
    tiles onto multiprocessors that have nothing else to do.
    """
    across = -(-columns // made.tile.columns) * made.parts * batches
    blocks = (rows // made.tile.rows + 1) * across
    return rows % made.tile.rows != 0 or blocks <= MULTIPROCESSORS


def _clocks(made: Plan, size: tuple[int, int, int], batches: int, arithmetic: str) -> float:
    """About how long a plan takes."""
    (rows, columns, depth), (tile, parts, part_depth) = size, made
    blocks = -(-rows // tile.rows) * -(-columns // tile.columns) * parts * batches
    step = tile.step * (1 if arithmetic in ("ieee", "tf32") else 2)
    steps = -(-min(depth, part_depth) // step)
    for_each = -(-blocks // MULTIPROCESSORS)
    rounds = -(-for_each * tile.threads // RESIDENT_THREADS)
    area = tile.rows * tile.columns
    computing = for_each * steps * step * area / MULTIPLY_ADDS[arithmetic] / tile.rate
    waiting = rounds * steps * STEP_CLOCKS
    traffic = blocks * steps * tile.step * (tile.rows + tile.columns) * 4 / CACHE_BYTES
    slowest = max(computing, waiting, traffic)
    clocks = slowest + NOT_HIDDEN * (computing + waiting + traffic - slowest)
    if parts > 1:
        clocks += LAUNCH_CLOCKS + 2 * 4 * parts * batches * rows * columns / CACHE_BYTES
    return clocks
