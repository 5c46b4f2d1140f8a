"""Whether edgekit computes of a network what LiteRT computes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgekit.errors import EdgekitError
from edgekit.interpreter import Interpreter
from tests import litert

from .builder import CALLS
from .litert_process import LiteRTProcess
from .network import Array, Network

__all__ = ["Verdict", "judge"]

TIGHT, LOOSE = 1e-4, 1e-3
"""Of the largest number of a real output: of one operator, whose sums may cancel or be cut, and
behind others of real numbers, each of which makes the differences before it larger."""

SMALL = 0.01
"""Where the largest number is smaller, this stands for it: curves of such numbers cancel."""

FEW = 0.05
"""Of the integers and truth values that were real numbers before: these may fall on the other side
of a boundary."""


@dataclass(frozen=True)
class Verdict:
    """kind: "equal", "different", "refused" (by edgekit), "not run" (by LiteRT) or "error"."""

    kind: str
    text: str = ""

    @property
    def is_failure(self) -> bool:
        return self.kind in ("different", "error")


def judge(network: Network, arithmetic: str, process: LiteRTProcess) -> Verdict:
    """Calls one interpreter as often as the network has inputs, so that what is left shows."""
    content, calls = network.encode(), [network.arrays(call) for call in range(CALLS)]
    answer = process.run(content, calls, litert.RUNTIMES[arithmetic])
    if answer.outputs is None:
        return Verdict("not run", answer.problem)
    try:
        found = outputs(content, calls, arithmetic)
    except EdgekitError as error:
        return Verdict("refused", str(error))
    except Exception as error:
        return Verdict("error", repr(error))
    real = [number for op in network.operators for number in op.outputs]
    real = [number for number in real if network.tensors[number].dtype == "float32"]
    loose = len(real) > (len(network.operators) == 1)
    for call in range(CALLS):
        for number, ours, theirs in zip(
            network.outputs, found[call], answer.outputs[call], strict=True
        ):
            text = difference(ours, theirs, loose=loose)
            if text:
                return Verdict("different", f"call {call}, t{number}: {text}")
    return Verdict("equal")


def outputs(content: bytes, calls: list[list[Array]], arithmetic: str) -> list[list[Array]]:
    interpreter = Interpreter(model_content=content, arithmetic=arithmetic)
    interpreter.allocate_tensors()
    details = interpreter.get_output_details()
    results = []
    for arrays in calls:
        for detail, array in zip(interpreter.get_input_details(), arrays, strict=True):
            interpreter.set_tensor(detail["index"], array)
        interpreter.invoke()
        results.append([interpreter.get_tensor(detail["index"]) for detail in details])
    return results


def difference(ours: Array, theirs: Array, *, loose: bool) -> str:
    """What is not the same, or ""."""
    if (ours.dtype, ours.shape) != (theirs.dtype, theirs.shape):
        return f"{ours.dtype}{list(ours.shape)}, LiteRT {theirs.dtype}{list(theirs.shape)}"
    if ours.dtype.kind != "f":
        wrong = np.flatnonzero(ours != theirs)
        few = len(wrong) <= max(2.0, FEW * ours.size)
        if not len(wrong) or (loose and (few or _steps(ours, theirs) <= 1)):
            return ""
        first = wrong[0]
        pair = ours.reshape(-1)[first], theirs.reshape(-1)[first]
        return f"{len(wrong)} of {ours.size} differ, number {first} is {pair[0]}, LiteRT {pair[1]}"
    finite = np.isfinite(theirs)
    if not (np.isfinite(ours) == finite).all():
        return "" if loose else "other numbers are infinite"
    most = float(np.abs(theirs[finite]).max(initial=SMALL))
    apart = float(np.abs(ours[finite].astype(np.float64) - theirs[finite]).max(initial=0.0))
    return f"{apart:.3g} apart, of {most:.3g}" if apart > (LOOSE if loose else TIGHT) * most else ""


def _steps(ours: Array, theirs: Array) -> int:
    return int(np.abs(ours.astype(np.int64) - theirs.astype(np.int64)).max())
