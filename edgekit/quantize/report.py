"""What a conversion did, layer by layer, as data and as text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from edgekit.frozen import Frozen
from edgekit.ir import Accuracy, Graph, QuantParams

from .calibrate import Range

__all__ = ["LayerReport", "Report", "layer_reports"]


UNKNOWN = Range(math.nan, math.nan)


class LayerReport(Frozen):
    """One activation: the layer that computes it, its range in calibration, what it became.

    The range is NaN where nobody needed it: of what stays in float when ranges were learned.
    `noise` is the signal-to-noise ratio in decibels, None where it was not measured.
    """

    value: str
    layer: str
    op: str
    dtype: str
    low: float
    high: float
    quant: QuantParams | None
    noise: float | None = None


class Report(Frozen):
    """Everything worth knowing about a conversion; `str(report)` is the page to read.

    float_layers: layers that stayed in float, with the reason of each.
    notes: what was clamped, widened, carried over, doubtful or dead.
    float_bytes: the bytes of all constants before; None where the model came quantized.
    """

    layers: Sequence[LayerReport]
    float_layers: Mapping[str, str]
    notes: Sequence[str]
    float_bytes: int | None
    int8_bytes: int
    accuracy: Accuracy | None = None

    def __str__(self) -> str:
        rows = [("layer", "operator", "dtype", "range", "scale@zero", "SNR dB")]
        for layer in self.layers:
            known = not math.isnan(layer.low)
            span = f"{layer.low:.4g}..{layer.high:.4g}" if known else "-"
            quant = str(layer.quant) if layer.quant else "-"
            rows.append((layer.layer, layer.op, layer.dtype, span, quant, _noise(layer.noise)))
        lines = aligned(rows)
        before = f"{self.float_bytes:,} bytes in float, " if self.float_bytes is not None else ""
        now = "now" if before else "bytes"
        lines.append(f"\nconstants: {before}{self.int8_bytes:,} {now}")
        if self.accuracy is not None:
            lines.append(accuracy_text(self.accuracy))
        if self.float_layers:
            lines.append("in float:")
            lines += [f"  {name}: {reason}" for name, reason in self.float_layers.items()]
        else:
            lines.append("in float: nothing")
        lines += [f"note: {note}" for note in self.notes]
        return "\n".join(lines)


def accuracy_text(accuracy: Accuracy) -> str:
    """One line: both figures, the loss in points, the limit."""
    drop = 100 * (accuracy.float_value - accuracy.int8_value)
    change = f"{abs(drop):.2f} points {'lost' if drop >= 0 else 'gained'}"
    limit = "" if accuracy.max_drop is None else f", {accuracy.max_drop:g} allowed"
    return (
        f"{accuracy.metric}: float {100 * accuracy.float_value:.2f} %, int8 "
        f"{100 * accuracy.int8_value:.2f} % on {accuracy.samples} samples "
        f"({change}{limit})"
    )


def layer_reports(
    float_graph: Graph,
    int8_graph: Graph,
    ranges: Mapping[str, Range],
    noise: Mapping[str, float],
) -> list[LayerReport]:
    """One row per activation of the float graph, in order."""
    producers = float_graph.producers()
    rows = []
    for value in float_graph.activations():
        node, found = producers.get(value.name), ranges.get(value.name, UNKNOWN)
        became = int8_graph.value(value.name)
        rows.append(
            LayerReport(
                value.name,
                node.name if node else value.name,
                node.op if node else "input",
                became.dtype,
                found.low,
                found.high,
                became.quant,
                noise.get(value.name),
            )
        )
    return rows


def _noise(decibels: float | None) -> str:
    if decibels is None or math.isnan(decibels):
        return "-"
    if math.isinf(decibels):
        return "exact" if decibels > 0 else "infinite"
    return f"{decibels:.1f}"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines whose columns stand below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
