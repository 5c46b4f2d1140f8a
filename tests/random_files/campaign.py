"""Many random networks, one after the other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from edgekit.ir.graph import ARITHMETICS

from . import elements, moves, weighted
from .builder import Builder, DoesNotFit
from .judge import Verdict, judge
from .litert_process import LiteRTProcess
from .network import Network
from .smaller import smallest

__all__ = ["Figures", "compare", "random_network"]

RULES = (*weighted.RULES, *weighted.RULES, *elements.RULES, *moves.RULES)
ATTEMPTS = 40

EXCEPTIONS = {
    ("SUM", "int8", "fixedpoint"): "LiteRT's reference kernel joins bits with or",
    ("SUM", "int16", "fixedpoint"): "LiteRT's reference kernel joins bits with or",
    ("GELU", "int16", "float32"): "the C library decides beside halves of LiteRT's table",
    ("GELU", "int16", "fixedpoint"): "the C library decides beside halves of LiteRT's table",
}
"""What need not be the same, by operator, dtype and arithmetic (`docs/int8-arithmetic.md`)."""


@dataclass
class Figures:
    """What a campaign has seen: networks by verdict, operators by dtype, and what was wrong."""

    kinds: Counter[str] = field(default_factory=Counter)
    operators: Counter[tuple[str, str]] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def random_network(seed: int, process: LiteRTProcess) -> Network:
    """One to six operators, each of which LiteRT runs; none if nothing fits."""
    builder = Builder(seed, process)
    count = builder.pick([1, 1, 2, 3, 4, 5, 6])
    for _ in range(ATTEMPTS):
        if len(builder.network.operators) == count:
            break
        readable = list(builder.readable)
        try:
            builder.pick(RULES)(builder)
        except DoesNotFit:
            builder.readable = readable  # inputs that nobody reads are none
    return builder.network


def compare(seed: int, process: LiteRTProcess, figures: Figures) -> None:
    """Judge the network of a seed in both arithmetics, and keep what is wrong, made small."""
    network = random_network(seed, process)
    if not network.operators:
        return
    kinds = [(op.code, network.tensors[op.outputs[0]].dtype) for op in network.operators]
    figures.operators.update(kinds)
    for arithmetic in ARITHMETICS:
        if any((*kind, arithmetic) in EXCEPTIONS for kind in kinds):
            continue
        verdict = judge(network, arithmetic, process)
        figures.kinds[verdict.kind] += 1
        if verdict.kind == "refused":
            figures.refusals[verdict.text.splitlines()[-1]] += 1
        if verdict.is_failure:
            figures.failures.append(_report(seed, network, arithmetic, process))


def _report(seed: int, network: Network, arithmetic: str, process: LiteRTProcess) -> str:
    def verdict(part: Network) -> Verdict:
        return judge(part, arithmetic, process)

    small = smallest(network, arithmetic, process, lambda part: verdict(part).is_failure)
    return f"seed {seed}, {arithmetic}: {verdict(small).text}\n{small}"
