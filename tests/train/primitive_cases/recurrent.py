"""Whole sequences: LSTM, GRU and the plain layer; rows of a table; turned sequences."""

from tests.train.primitive_cases.case import Cases

CASES = Cases()
case = CASES.add

X, MASK = (2, 4, 3), ("bool", (2, 4))
ALL = {"sequences": True, "state": True}

for name, gates, bias, states in (
    ("lstm", 4, (8,), 2),
    ("gru", 3, (2, 6), 1),
    ("simple_rnn", 1, (2,), 1),
):
    weights = (3, 2 * gates), (2, 2 * gates)
    nothing, given = [None] * states, [(2, 2)] * states
    case(name, name, X, *weights, bias)
    case(f"{name} no bias", name, X, *weights)
    case(f"{name} states", name, X, *weights, bias, *given, **ALL)
    case(f"{name} backwards", name, X, *weights, bias, sequences=True, backwards=True)
    case(f"{name} masked", name, X, *weights, bias, *given, MASK, **ALL)
    case(f"{name} masked last", name, X, *weights, bias, *given, MASK)
    case(f"{name} zeros", name, X, *weights, bias, *nothing, MASK, zero_output=True, **ALL)
    case(f"{name} relu", name, X, *weights, bias, activation="relu", sequences=True)
    case(f"{name} dropped", name, X, *weights, bias, *nothing, None, ("positive", (gates, 2, 2)))
    case(f"{name} projected", name, (2, 4, 2 * gates), None, weights[1], bias, *given, **ALL)
case("gru before", "gru", X, (3, 6), (2, 6), (6,), (2, 2), MASK, reset_after=False, **ALL)
for name, gates in (("lstm", 4), ("gru", 3)):
    weights = (3, 2 * gates), (2, 2 * gates)
    case(f"{name} hard", name, X, *weights, recurrent_activation="hard_sigmoid")
case("gru before dropped", "gru", X, (3, 6), (2, 6), (6,), None, None, ("positive", (3, 2, 2)),
     reset_after=False)  # fmt: skip
case("embed", "embed", (6, 3), ("class", (4, 5), 6))
case("embed one", "embed", (6, 3), ("class", (1,), 6))
case("flip", "flip", (2, 3, 4))
case("fold_time", "fold_time", (2, 3, 4))
case("unfold_time", "unfold_time", (6, 4), time=3)
case("flip axis", "flip", (2, 3, 4), axis=-1)
