"""Recurrent layers on the GPU: at each time one product and one kernel, each way.

The loops of `ops/recurrent` come here where their arrays are on a device.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .kernel import STORAGE, Kernel, contiguous, empty, kernel, type_name

__all__ = [
    "gru_backward",
    "gru_forward",
    "kernels",
    "lstm_backward",
    "lstm_forward",
    "rnn_backward",
    "rnn_forward",
    "takes",
]

_SOURCE = "recurrent.cu"
# the numbers of the curves in sources/recurrent.cu
_CURVES = {"tanh": 0, "sigmoid": 1, "relu": 2, "linear": 3, "hard_sigmoid": 4}


def kernels() -> list[Kernel]:
    """Every kernel of this module, for those who compile them all."""
    names = ("lstm_step", "lstm_back", "gru_step", "gru_back", "rnn_step", "rnn_back")
    return [kernel(_SOURCE, f"{name}<{t}>") for name in names for t in STORAGE.values()]


def takes(*arrays: Any) -> bool:
    """Whether the kernels hold all these: of one dtype, and there. None stands for no array."""
    given = [a for a in arrays if a is not None]
    dtype = given[0].dtype
    return (
        dtype.name in STORAGE
        and not isinstance(given[0], np.ndarray)
        and all(a.dtype == dtype for a in given)
    )


def _run(name: str, like: Any, *arguments: Any) -> None:
    """Launch over (batch, units) of `like`; units and the count are handed over last."""
    run = kernel(_SOURCE, f"{name}<{type_name(like.dtype)}>")
    run.over(like.size, *arguments, np.int32(like.shape[-1]))


def _flag(value: Any) -> Any:
    return np.int32(bool(value))


def _skipped(masked: Any, t: int, else_: Any) -> tuple[Any, Any]:
    """The samples that are left out at time t, and whether there are any."""
    if masked.given:
        return contiguous(masked.skipped[t]), _flag(True)
    return else_.view(np.uint8), _flag(False)


def lstm_forward(
    sums: Any, hiddens: Any, cells: Any, hearing: Any, curves: tuple[str, str], masked: Any
) -> tuple[Any, Any]:
    """(gates (time, 4, batch, units), bent cells); fills hiddens and cells from their first on."""
    time, batch, units = len(sums), sums.shape[1], hiddens.shape[2]
    gates, bent = empty((time, 4, batch, units), sums.dtype), empty(hiddens[1:].shape, sums.dtype)
    gate, squash = (np.int32(_CURVES[name]) for name in curves)
    for t in range(time):
        heard = contiguous(hearing.hear(hiddens[t]))
        _run(
            "lstm_step", bent[t], sums[t], heard, hiddens[t], cells[t],
            *_skipped(masked, t, bent[t]), gate, squash, gates[t], bent[t], hiddens[t + 1],
            cells[t + 1],
        )  # fmt: skip
    return gates, bent


def lstm_backward(
    rows: Any, ends: Any, slopes: Any, masked: Any, hearing: Any, sequences: bool
) -> tuple[Any, Any, Any]:
    """From the last time to the first: the gradients of the initial hidden and cell, and of the
    gates' sums (time, batch, 4, units).
    """
    by_gate, through, forget = slopes
    time, batch, units = through.shape
    sums = empty((time, batch, 4, units), through.dtype)
    dh = contiguous(rows[-1].copy() if ends[0] is None else rows[-1] + ends[0])
    dc = empty(dh.shape, dh.dtype)
    dc[...] = 0 if ends[1] is None else ends[1]
    back = None
    for t in range(time - 1, -1, -1):
        extra = rows[t] if sequences and back is not None else None
        _run(
            "lstm_back", dh, dh if back is None else back, _flag(back is not None),
            *_skipped(masked, min(t + 1, time - 1), dh), dh if extra is None else extra,
            _flag(extra is not None), contiguous(by_gate[t]), contiguous(through[t]),
            contiguous(forget[t]), dh, dc, sums[t],
        )  # fmt: skip
        back = contiguous(hearing.back(sums[t].reshape(batch, 4 * units)))
    if masked.given:
        back = back + dh * masked.skipped[0]
    return back, dc, sums


def gru_forward(
    rows: Any, hiddens: Any, inner: Any, hearing: Any, bias: Any, curves: tuple[str, str],
    masked: Any,
) -> None:  # fmt: skip
    """`rows` become the gates z, r and new; `inner` becomes hidden's share of new before r."""
    gate, squash = (np.int32(_CURVES[name]) for name in curves)
    held = rows if bias is None else contiguous(bias)
    for t in range(len(rows)):
        heard = contiguous(hearing.hear(hiddens[t]))
        _run(
            "gru_step", inner[t], rows[t], heard, held, _flag(bias is not None), hiddens[t],
            *_skipped(masked, t, inner[t]), gate, squash, inner[t], hiddens[t + 1],
        )  # fmt: skip


def gru_backward(rows: Any, dh: Any, kept: Any, sums: Any, back_of: Any, sequences: bool) -> Any:
    """The gradient of the first state. `sums` (time, batch, 4, units) hold what the state's
    gradient is multiplied with, and become the gradients of the gates' sums.
    """
    time, batch, _, units = sums.shape
    heard = empty((batch, 3 * units), sums.dtype)
    kept, dh = contiguous(kept), contiguous(dh)
    back = None
    for t in range(time - 1, -1, -1):
        extra = rows[t] if sequences and back is not None else None
        after = kept[min(t + 1, time - 1)]
        _run(
            "gru_back", dh, dh if back is None else back, _flag(back is not None), after,
            dh if extra is None else extra, _flag(extra is not None), dh, sums[t], heard,
        )  # fmt: skip
        back = contiguous(back_of(heard))
    return back + dh * kept[0]


def rnn_forward(rows: Any, hiddens: Any, hearing: Any, activation: str, masked: Any) -> None:
    """Fill `hiddens` from the first on; `rows` are what x adds to the sums."""
    squash = np.int32(_CURVES[activation])
    for t in range(len(rows)):
        heard, after = contiguous(hearing.hear(hiddens[t])), hiddens[t + 1]
        skipped = _skipped(masked, t, after)
        _run("rnn_step", after, rows[t], heard, hiddens[t], *skipped, squash, after)


def rnn_backward(
    rows: Any, dh: Any, slopes: Any, masked: Any, hearing: Any, sequences: bool
) -> Any:
    """The gradient of the first state; `slopes` become the gradients of the sums."""
    time = len(slopes)
    dh, back = contiguous(dh), None
    for t in range(time - 1, -1, -1):
        extra = rows[t] if sequences and back is not None else None
        _run(
            "rnn_back", dh, dh if back is None else back, _flag(back is not None),
            *_skipped(masked, min(t + 1, time - 1), dh), dh if extra is None else extra,
            _flag(extra is not None), dh, slopes[t],
        )  # fmt: skip
        back = contiguous(hearing.back(slopes[t]))
    return back + dh * masked.skipped[0] if masked.given else back
