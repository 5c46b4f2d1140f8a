"""The smallest network that still shows a difference."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests import litert

from .builder import CALLS
from .litert_process import LiteRTProcess
from .network import Network

__all__ = ["smallest"]


def smallest(
    network: Network,
    arithmetic: str,
    process: LiteRTProcess,
    is_wrong: Callable[[Network], bool],
) -> Network:
    """Leaves out one operator after the other, as long as `is_wrong` says so of the rest."""
    while len(network.operators) > 1:
        cuts = _cuts(network, arithmetic, process)
        found = next((cut for cut in cuts if is_wrong(cut)), None)
        if found is None:
            return network
        network = found
    return network


def _cuts(network: Network, arithmetic: str, process: LiteRTProcess) -> Iterator[Network]:
    """Without one operator: what it gave, and others read, is fed as LiteRT computed it."""
    operators = network.operators
    for place in reversed(range(len(operators))):
        op, rest = operators[place], operators[:place] + operators[place + 1 :]
        if not any(i in op.outputs for other in rest for i in other.inputs):
            yield Network(network.tensors, rest, network.feeds)
            continue
        before = Network(network.tensors, operators[: place + 1], network.feeds)
        calls = [before.arrays(call) for call in range(CALLS)]
        answer = process.run(before.encode(), calls, litert.RUNTIMES[arithmetic])
        if answer.outputs is None or not set(op.outputs) <= set(before.outputs):
            continue
        given = {
            number: [found[before.outputs.index(number)] for found in answer.outputs]
            for number in op.outputs
        }
        yield Network(network.tensors, rest, {**network.feeds, **given})
