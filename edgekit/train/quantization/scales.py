"""Scale and zero point of each activation, chosen by the converter from what was learned so far."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgekit.ir import QuantParams
from edgekit.quantize.calibrate import Range
from edgekit.quantize.parameters import group_params
from edgekit.quantize.recurrent import cell_params

from .ranges import Ranges
from .steps import Plan

__all__ = ["Scales"]


class Group(NamedTuple):
    """Values that share a scale: rows of what is learned of them, ranges that were given, and what
    operators fix.
    """

    rows: list[int]
    given: list[Range]
    fixed: dict[str, QuantParams]


class Scales:
    """Scale and zero point of each activation, from the ranges as they are now."""

    def __init__(self, plan: Plan, ranges: Ranges, input_range: tuple[float, float] | None) -> None:
        self.plan, self.ranges = plan, ranges
        self.given = dict.fromkeys(plan.inputs, Range(*input_range)) if input_range else {}
        self.known: dict[str, QuantParams | None] = {}  # by the first value of a group
        self.groups: dict[str, Group] = {}

    def of(self, value: str) -> tuple[QuantParams, ...]:
        """What the value is rounded to: once, or twice where an operator fixes its own output.

        Nothing as long as no range is known.
        """
        first = self.plan.groups[value][0]
        if first not in self.known:
            self.known[first] = self._chosen(first)
        chosen = self.known[first]
        if chosen is None:
            return ()
        own = self.plan.fixed.get(value, chosen)
        return (chosen,) if own == chosen else (own, chosen)

    def _chosen(self, first: str) -> QuantParams | None:
        group = self._group(first)
        bounds = self.ranges.bounds[group.rows]  # those of an empty range change nothing
        low = min([float(bounds[:, 0].min(initial=np.inf)), *(r.low for r in group.given)])
        high = max([float(bounds[:, 1].max(initial=-np.inf)), *(r.high for r in group.given)])
        if low > high:
            return None
        names = [first, *group.fixed]
        return group_params(names, dict.fromkeys(names, Range(low, high)), group.fixed)

    def _group(self, first: str) -> Group:
        if first not in self.groups:
            names, rows = self.plan.groups[first], self.ranges.rows
            self.groups[first] = Group(
                [rows[name] for name in names if name in rows and name not in self.given],
                [self.given[name] for name in names if name in self.given],
                {name: self.plan.fixed[name] for name in names if name in self.plan.fixed},
            )
        return self.groups[first]

    def of_cell(self, value: str) -> float | None:
        """The scale of the 16-bit cell of an Lstm; None as long as no range is known."""
        seen = self.ranges.known([value])
        return cell_params(seen[value].high).scale[0] if seen else None

    def forget(self, value: str) -> None:
        """The range of the value has changed."""
        self.known.pop(self.plan.groups[value][0], None)
