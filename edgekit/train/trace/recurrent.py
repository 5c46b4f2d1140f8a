"""How recurrent layers are written in the graph.

An LSTM with the usual curves becomes the operator Lstm. What that does not know (a mask, other
curves, last states that are asked for), GRU and the plain layer are written out, time by time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgekit.errors import UnsupportedOperator

from .calls import Call, rule
from .parts import hard_sigmoid
from .sequences import turned

__all__: list[str] = []

CURVES = {"tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu"}
WITHIN_LSTM = ("tanh", "relu")
LONGEST = 512
"""Times that are written out; a longer sequence would make a graph of ten thousands of nodes."""


@rule("lstm")
def _lstm(call: Call) -> str:
    fits = (
        not call.given(6)
        and not call.attrs.get("state")
        and call.attrs.get("recurrent_activation", "sigmoid") == "sigmoid"
        and call.attrs.get("activation", "tanh") in WITHIN_LSTM
    )
    return _operator(call) if fits else _LstmSteps(call, gates=4, states=2).write()


def _operator(call: Call) -> str:
    """The node Lstm. The gates of Keras are input, forget, cell, output: the operator's order."""
    _, time, _ = call.shape_of(0)
    kernel, recurrent = _constant(call, 1), _constant(call, 2)
    units = recurrent.shape[0]
    bias = _constant(call, 3) if call.given(3) else np.zeros(4 * units, np.float32)

    def gates(matrix: np.ndarray) -> list[str]:
        parts = np.split(matrix, 4, axis=-1)
        return [call.number(np.ascontiguousarray(part.T)) for part in parts]

    x = call.value(0)
    if call.attrs.get("backwards"):
        x = turned(call, x, 1, time)
    states = [_begin(call, position, units) for position in (4, 5)]
    inputs = [x, *gates(kernel), *gates(recurrent), *[None] * 3, *gates(bias), *[None] * 2, *states]
    y = call.add_all("Lstm", *inputs, activation=call.attrs.get("activation", "tanh"))[0]
    if call.attrs.get("sequences"):
        return y
    last = call.add("Slice", y, starts=(0, (time or 1) - 1, 0), sizes=(-1, 1, units))
    return call.add("Reshape", last, shape=(-1, units))


def _constant(call: Call, position: int) -> np.ndarray:
    array = call.constant(position)
    if array is None:
        raise UnsupportedOperator("its weights are computed from the data")
    return array


def _begin(call: Call, position: int, units: int) -> str:
    """The state before the first time: a computed one, or a row for every sample."""
    if not call.given(position):
        return call.number(np.zeros((1, units), np.float32))
    array = call.constant(position)
    return call.value(position) if array is None else call.number(_row(array))


def _row(array: np.ndarray) -> np.ndarray:
    if not (array == array[:1]).all():
        raise UnsupportedOperator("an initial state that differs from sample to sample")
    return array[:1]


class _Steps:
    """A recurrent layer written out: what all kinds share.

    x is multiplied with the kernel for all times at once; the products with the state follow time
    by time, in one node for all gates.
    """

    def __init__(self, call: Call, gates: int, states: int) -> None:
        self.call, self.gates, self.count = call, gates, states
        self.units = _constant(call, 2).shape[0]
        time = call.shape_of(0)[1] or 0
        if time > LONGEST:
            raise UnsupportedOperator(
                f"its {time} times would be written out one by one; {LONGEST} at most"
            )
        self.times = range(time)[::-1] if call.attrs.get("backwards") else range(time)
        self.mask = 4 + states
        self._weights: dict[tuple[int, int], str] = {}

    def write(self) -> str:
        """The result of the primitive, laid out as it has it."""
        call = self.call
        states: Sequence[str | None] = self._first_states()
        sums = self._of_input()
        shown, before = [], call.number(np.zeros((1, self.units), np.float32))
        for t in self.times:
            new = self.step(self._row_of(sums, t, self.gates * self.units), states)
            y = new[0]
            if call.given(self.mask):
                taken = self._taken(t)
                zero = call.number(np.zeros((1, self.units), np.float32))
                other = zero if call.attrs.get("zero_output") else before
                y = call.add("Select", y, other, taken)
                new = [
                    call.add("Select", a, b or zero, taken)
                    for a, b in zip(new, states, strict=True)
                ]
            before, states = y, new
            shown.append(y)
        return self._laid_out(shown, states)

    def step(self, sums: str, states: Sequence[str | None]) -> list[str]:
        raise NotImplementedError

    def _first_states(self) -> list[str | None]:
        """None where a state is zero."""
        found: list[str | None] = []
        for position in range(4, 4 + self.count):
            given = self.call.given(position)
            found.append(_begin(self.call, position, self.units) if given else None)
        return found

    def _of_input(self) -> str:
        bias = self.bias_of_input()
        kernel = self.call.part(1, lambda weight: weight.swapaxes(0, 1))
        return self.call.add("Dense", self.call.value(0), kernel, bias)

    def bias_of_input(self) -> str:
        if self.call.given(3):
            return self.call.part(3, lambda bias: bias)
        return self.call.number(np.zeros(self.gates * self.units, np.float32))

    def _row_of(self, value: str, t: int, width: int) -> str:
        row = self.call.add("Slice", value, starts=(0, t, 0), sizes=(-1, 1, width))
        return self.call.add("Reshape", row, shape=(-1, width))

    def _taken(self, t: int) -> str:
        row = self.call.add("Slice", self.call.value(self.mask), starts=(0, t), sizes=(-1, 1))
        return self.call.add("Reshape", row, shape=(-1, 1))

    def heard(
        self, state: str, first: int = 0, last: int | None = None, bias: str | None = None
    ) -> str:
        """The state times the recurrent weights of the gates from `first` to `last`."""
        weight = self._shared(first * self.units, (last or self.gates) * self.units)
        return self.call.add("Dense", state, weight, bias)

    def _shared(self, start: int, stop: int) -> str:
        """Columns of the recurrent weights: one constant for all times."""
        key = (start, stop)
        if key not in self._weights:
            self._weights[key] = self.call.part(
                2, lambda weight: weight[:, start:stop].swapaxes(0, 1)
            )
        return self._weights[key]

    def gate(self, sums: str, number: int, count: int = 1) -> str:
        """The columns of some gates."""
        starts, sizes = (0, number * self.units), (-1, count * self.units)
        return self.call.add("Slice", sums, starts=starts, sizes=sizes)

    def curve(self, value: str, which: str) -> str:
        default = "tanh" if which == "activation" else "sigmoid"
        name = self.call.attrs.get(which, default)
        if name == "linear":
            return value
        if name == "hard_sigmoid":
            return hard_sigmoid(self.call, value)
        return self.call.add(CURVES[name], value)

    def _laid_out(self, shown: list[str], states: Sequence[str | None]) -> str:
        call, attrs = self.call, self.call.attrs
        if not attrs.get("sequences") and not attrs.get("state"):
            return shown[-1]
        rows = shown if attrs.get("sequences") else shown[-1:]
        rows = [*rows, *(s for s in states if s)] if attrs.get("state") else rows
        wide = [call.add("Reshape", row, shape=(-1, 1, self.units)) for row in rows]
        return call.add("Concat", *wide, axis=1) if len(wide) > 1 else wide[0]


class _LstmSteps(_Steps):
    def step(self, sums: str, states: Sequence[str | None]) -> list[str]:
        call, (hidden, cell) = self.call, states
        if hidden is not None:
            sums = call.add("Add", sums, self.heard(hidden))
        early = self.curve(self.gate(sums, 0, 2), "recurrent_activation")
        i, f = self.gate(early, 0), self.gate(early, 1)
        new = call.add("Mul", i, self.curve(self.gate(sums, 2), "activation"))
        if cell is not None:
            new = call.add("Add", call.add("Mul", f, cell), new)
        o = self.curve(self.gate(sums, 3), "recurrent_activation")
        return [call.add("Mul", o, self.curve(new, "activation")), new]


class _GruSteps(_Steps):
    def bias_of_input(self) -> str:
        return (
            self.call.part(3, lambda bias: bias[0]) if self._has_two() else super().bias_of_input()
        )

    def _bias_of_state(self) -> str | None:
        return self.call.part(3, lambda bias: bias[1]) if self._has_two() else None

    def _has_two(self) -> bool:
        """Whether there is a bias of the input and another of the state."""
        return self.call.given(3) and len(self.call.shape_of(3)) == 2

    def step(self, sums: str, states: Sequence[str | None]) -> list[str]:
        call, before = self.call, states[0]
        if before is None:
            before = call.number(np.zeros((1, self.units), np.float32))
        after = call.attrs.get("reset_after", True)
        heard = self.heard(before, 0, 3 if after else 2, self._bias_of_state())
        both = call.add("Add", self.gate(sums, 0, 2), self.gate(heard, 0, 2))
        gates = self.curve(both, "recurrent_activation")
        z, r = self.gate(gates, 0), self.gate(gates, 1)
        if after:
            share = call.add("Mul", r, self.gate(heard, 2))
        else:
            share = self.heard(call.add("Mul", r, before), 2, 3)
        new = self.curve(call.add("Add", self.gate(sums, 2), share), "activation")
        kept = call.add("Mul", z, call.add("Sub", before, new))
        return [call.add("Add", new, kept)]


class _SimpleSteps(_Steps):
    def step(self, sums: str, states: Sequence[str | None]) -> list[str]:
        if states[0] is not None:
            sums = self.call.add("Add", sums, self.heard(states[0]))
        return [self.curve(sums, "activation")]


@rule("gru")
def _gru(call: Call) -> str:
    return _GruSteps(call, gates=3, states=1).write()


@rule("simple_rnn")
def _simple_rnn(call: Call) -> str:
    return _SimpleSteps(call, gates=1, states=1).write()
