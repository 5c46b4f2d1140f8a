"""Recurrent layers, their cells, what wraps them, and what makes masks for them."""

SEQUENCE = (3, 5, 4)
MASK = {"call": {"mask": ("bool", (3, 5))}}


def _wrapping(outer, inner, **inside):
    """A layer around another."""
    return lambda layers, **given: getattr(layers, outer)(getattr(layers, inner)(**inside), **given)


def _two_layers(layers, **given):
    return layers.Bidirectional(
        layers.LSTM(3, return_sequences=True),
        backward_layer=layers.GRU(2, return_sequences=True, go_backwards=True),
        **given,
    )


def _stack(layers, **given):
    cells = [layers.LSTMCell(3), layers.GRUCell(2), layers.SimpleRNNCell(4)]
    return layers.RNN(cells, **given)


def _cell(name, units, **inside):
    return lambda layers, **given: layers.RNN(getattr(layers, name)(units, **inside), **given)


FLAGS = {"units": 3, "return_sequences": True, "return_state": True}
BACKWARDS = {"units": 3, "return_sequences": True, "go_backwards": True}
ZERO = {**FLAGS, "zero_output_for_mask": True}

LAYERS = [
    (f"{name.lower()}{ending}", name, arguments, [SEQUENCE], options)
    for name in ("SimpleRNN", "GRU", "LSTM")
    for ending, arguments, options in (
        ("", {"units": 3}, {}),
        ("_all", FLAGS, {}),
        ("_backwards", BACKWARDS, {}),
        ("_masked", FLAGS, MASK),
        ("_masked_last", {"units": 3}, MASK),
        ("_masked_zero", ZERO, MASK),
        ("_masked_backwards", BACKWARDS, MASK),
        ("_relu", {"units": 3, "activation": "relu", "use_bias": False}, {}),
        ("_elu", {"units": 3, "activation": "elu", "return_sequences": True}, MASK),
    )
] + [
    ("gru_before", "GRU", {"units": 3, "reset_after": False, "return_sequences": True}, [SEQUENCE]),
    ("gru_before_masked", "GRU", {**FLAGS, "reset_after": False}, [SEQUENCE], MASK),
    ("gru_state", "GRU", {**FLAGS}, [SEQUENCE], {"call": {"initial_state": (3, 3)}}),
    ("gru_hard", "GRU", {"units": 3, "recurrent_activation": "hard_sigmoid"}, [SEQUENCE]),
    ("lstm_hard", "LSTM",
     {"units": 3, "recurrent_activation": "hard_sigmoid", "unit_forget_bias": False}, [SEQUENCE]),
    ("rnn_lstm", _cell("LSTMCell", 3), {"return_sequences": True, "return_state": True},
     [SEQUENCE], MASK),
    ("rnn_gru", _cell("GRUCell", 3, reset_after=False), {"go_backwards": True}, [SEQUENCE], MASK),
    ("rnn_simple", _cell("SimpleRNNCell", 3, activation="softsign"),
     {"return_sequences": True, "zero_output_for_mask": True}, [SEQUENCE], MASK),
    ("rnn_stack", _stack, {"return_sequences": True}, [SEQUENCE], MASK),
    ("bidirectional", _wrapping("Bidirectional", "LSTM", units=3), {}, [SEQUENCE]),
    ("bidirectional_all",
     _wrapping("Bidirectional", "GRU", units=3, return_sequences=True, return_state=True), {},
     [SEQUENCE], MASK),
    ("bidirectional_two", _two_layers, {}, [SEQUENCE], MASK),
    ("time_distributed", _wrapping("TimeDistributed", "Dense", units=3, activation="tanh"), {},
     [SEQUENCE]),
    ("time_distributed_conv", _wrapping("TimeDistributed", "Conv2D", filters=2, kernel_size=3), {},
     [(2, 3, 5, 4, 2)]),
    ("conv_lstm", "ConvLSTM2D", {"filters": 2, "kernel_size": 3}, [(2, 3, 5, 4, 2)]),
    ("conv_lstm_same", "ConvLSTM2D",
     {"filters": 2, "kernel_size": [3, 2], "padding": "same", "strides": 2,
      "return_sequences": True, "return_state": True}, [(2, 3, 5, 4, 2)],
     {"call": {"mask": ("bool", (2, 3))}}),
    ("conv_lstm_row", "ConvLSTM1D",
     {"filters": 2, "kernel_size": 3, "go_backwards": True, "use_bias": False}, [(2, 3, 5, 2)]),
    ("conv_lstm_volume", "ConvLSTM3D", {"filters": 2, "kernel_size": 2}, [(2, 2, 3, 3, 3, 1)]),
    ("embedding", "Embedding", {"input_dim": 6, "output_dim": 3}, [("int", (4, 5), 6)]),
    ("reversible_embedding", "ReversibleEmbedding", {"input_dim": 6, "output_dim": 3},
     [("int", (4, 5), 6)]),
    ("reversible_embedding_back", "ReversibleEmbedding",
     {"input_dim": 6, "output_dim": 3, "logit_soft_cap": 2.0}, [(4, 5, 3)],
     {"call": {"reverse": True}, "symbolic": False}),
    ("reversible_embedding_untied", "ReversibleEmbedding",
     {"input_dim": 6, "output_dim": 3, "tie_weights": False, "reverse_dtype": "float32"},
     [(4, 5, 3)], {"call": {"reverse": True}, "symbolic": False}),
    ("embedding_mask_zero", "Embedding", {"input_dim": 6, "output_dim": 3, "mask_zero": True},
     [("int", (4, 5), 6)]),
    ("masking", "Masking", {}, [SEQUENCE]),
] + [
    (f"bidirectional_{mode}", _wrapping("Bidirectional", "SimpleRNN", units=3),
     {"merge_mode": mode}, [SEQUENCE], MASK)
    for mode in ("sum", "mul", "ave", None)
]  # fmt: skip

DEFAULTS = {
    "layers": {
        "ConvLSTM2D": {"filters": 2, "kernel_size": 3},
        "Embedding": {"input_dim": 3, "output_dim": 2},
        "ReversibleEmbedding": {"input_dim": 3, "output_dim": 2},
        "GRU": {"units": 2},
        "GRUCell": {"units": 2},
        "LSTM": {"units": 2},
        "LSTMCell": {"units": 2},
        "Masking": {},
        "SimpleRNN": {"units": 2},
        "SimpleRNNCell": {"units": 2},
    },
    "initializers": {"Orthogonal": {}, "Identity": {}},
}
