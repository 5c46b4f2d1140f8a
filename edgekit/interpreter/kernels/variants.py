"""Which way a layer is computed: decided here, by shape alone, with the reason in words.

All ways of one int8 layer give the same bits; they differ in how many short runs are copied, how
often the map is passed over, and how much is multiplied in vain. The thresholds were measured on
one x86-64 machine; they are ratios of copying to multiplying, which other processors share roughly.
`edgekit bench --explain` prints the choice for each layer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from edgekit.frozen import Frozen

__all__ = ["Variant", "blocks", "convolution_variant", "depthwise_variant", "lstm_variant"]

NARROW_CHANNELS = 32  # up to here one product per kernel row beats whole patches
SMALL_PRODUCT = 10**6  # multiplications: OpenBLAS has faster ways for products up to here
SHORT_RUN = 16  # elements of a kernel row that are hardly worth a copy of their own
RUN = 200  # copying one more short run costs as much as so many multiplications in a product
MOST_COLUMNS = 4
PIXEL_CHANNELS = 384  # from here on one pixel's channels make a long row by themselves
FEW_CELLS, FEW_FEATURES = 40, 80  # up to here larger products cost an Lstm less than more calls

BLOCK_ELEMENTS = 2**16
"""Large maps are computed in blocks of rows whose working arrays stay in the cache."""


class Variant(Frozen):
    """One way to compute a layer, and why it was taken.

    columns: how many neighbouring outputs one patch serves ("wide patches").
    """

    name: str
    reason: str
    columns: int = 1


def convolution_variant(
    x: Sequence[int],
    y: Sequence[int],
    window: tuple[int, int],
    strides: tuple[int, int],
    dilations: tuple[int, int],
    in_place: bool,
) -> Variant:
    """x: the padded input's [n, height, width, channels], y: the output's.

    in_place: whether a product can read the input's pixels as they lie.
    """
    dense = dilations == (1, 1)
    if window == (1, 1) and strides == (1, 1) and in_place:
        return Variant("pixels", "1x1: the product reads the input where it lies")
    columns = _columns(x[3], y, window, strides[1]) if dense else 1
    if columns > 1:
        return Variant(
            "wide patches",
            f"{x[3]} channels make short runs: one patch serves {columns} columns",
            columns,
        )
    if dense and strides == (1, 1) and window[0] > 1 and x[0] == 1:
        if x[3] <= NARROW_CHANNELS:
            return Variant(
                "kernel rows",
                f"{x[3]} channels: copying whole patches costs more than {window[0]} products",
            )
        product = math.prod(y) * window[1] * x[3]
        if product <= SMALL_PRODUCT < product * window[0]:
            return Variant("kernel rows", f"{window[0]} small products are faster than a large one")
    return Variant("patches", f"one product over patches of {math.prod(window) * x[3]}")


def _columns(channels: int, y: Sequence[int], window: tuple[int, int], stride: int) -> int:
    """How many output columns one patch serves best: fewer runs against products with zeros."""
    _, height, width, outputs = y
    if window[1] * channels > SHORT_RUN:
        return 1

    def cost(columns: int) -> float:
        patches = height * width // columns
        wide = ((columns - 1) * stride + window[1]) * channels
        products = patches * window[0] * wide * columns * outputs
        # A product with few columns does not keep the processor's vectors full.
        return patches * window[0] * RUN + products * (1 + 80 / (columns * outputs) ** 2)

    fitting = [n for n in range(1, MOST_COLUMNS + 1) if width % n == 0]
    return min(fitting, key=cost)


def depthwise_variant(y: Sequence[int], stride: int) -> Variant:
    """y: the output's shape; stride: along the columns."""
    channels = y[3]
    if math.prod(y[:3]) == 1:
        return Variant("products", "one pixel: all products at once, then their sums as a product")
    if stride == 1:
        return Variant("rows", "all columns and channels of a row at once")
    if channels >= PIXEL_CHANNELS:
        return Variant("pixels", f"stride {stride}, {channels} channels: one pixel is a long row")
    return Variant("column planes", f"stride {stride}: the columns of each tap are copied together")


def lstm_variant(cells: int, features: int) -> Variant:
    if cells <= FEW_CELLS and features <= FEW_FEATURES:
        return Variant("narrow", f"{cells} cells: sums go into products, which take fewer calls")
    return Variant("gates", f"{cells} cells, {features} features: products take most of the time")


def blocks(batch: int, rows: int, row_elements: int) -> Iterator[tuple[slice, slice]]:
    """Parts of a map, as slices of samples and rows, with about BLOCK_ELEMENTS elements each.

    row_elements: how much working memory one row of one sample takes. A part is some rows of one
    sample or all rows of some samples, so that it is contiguous.
    """
    samples = max(1, BLOCK_ELEMENTS // (rows * row_elements))
    if samples == 1 and rows * row_elements > 2 * BLOCK_ELEMENTS:
        height = max(1, BLOCK_ELEMENTS // row_elements)
        for sample in range(batch):
            for top in range(0, rows, height):
                yield slice(sample, sample + 1), slice(top, min(top + height, rows))
        return
    for sample in range(0, batch, samples):
        yield slice(sample, min(sample + samples, batch)), slice(0, rows)
