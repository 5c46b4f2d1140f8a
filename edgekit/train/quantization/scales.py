"""Scale and zero point of each activation, chosen by the converter from what was learned so far."""

from __future__ import annotations

from edgekit.ir import QuantParams
from edgekit.quantize.calibrate import Range
from edgekit.quantize.parameters import group_params
from edgekit.quantize.recurrent import cell_params

from .ranges import Ranges
from .steps import Plan

__all__ = ["Scales"]


class Scales:
    """Scale and zero point of each activation, from the ranges as they are now."""

    def __init__(self, plan: Plan, ranges: Ranges, input_range: tuple[float, float] | None) -> None:
        self.plan, self.ranges = plan, ranges
        self.given = dict.fromkeys(plan.inputs, Range(*input_range)) if input_range else {}
        self.known: dict[str, tuple[QuantParams, ...]] = {}

    def of(self, value: str) -> tuple[QuantParams, ...]:
        """What the value is rounded to: once, or twice where an operator fixes its own output.

        Nothing as long as no range is known.
        """
        if value not in self.known:
            self.known[value] = self._chosen(value)
        return self.known[value]

    def _chosen(self, value: str) -> tuple[QuantParams, ...]:
        group = self.plan.groups[value]
        seen = {**self.ranges.known(group), **self.given}
        members = [name for name in group if name in seen]
        if not members:
            return ()
        fixed = {name: q for name, q in self.plan.fixed.items() if name in group}
        union = Range(min(seen[n].low for n in members), max(seen[n].high for n in members))
        chosen = group_params(group, dict.fromkeys(group, union), fixed)
        own = fixed.get(value, chosen)
        return (chosen,) if own == chosen else (own, chosen)

    def of_cell(self, value: str) -> float | None:
        """The scale of the 16-bit cell of an Lstm; None as long as no range is known."""
        seen = self.ranges.known([value])
        return cell_params(seen[value].high).scale[0] if seen else None

    def forget(self, value: str) -> None:
        """The range of the value has changed."""
        for name in self.plan.groups[value]:
            self.known.pop(name, None)
