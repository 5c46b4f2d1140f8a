"""Attention in one and in several heads."""

QUERY, VALUE = (2, 4, 6), (2, 3, 6)
HEADS = {"num_heads": 2, "key_dim": 3}
GROUPS = {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}


def _call(**given):
    """Value, key and masks are arguments of the call, which a symbolic query does not go with."""
    return {"call": given, "symbolic": False}


LAYERS = [
    ("attention", "Attention", {}, [QUERY, VALUE]),
    ("attention_key", "Attention", {"use_scale": True}, [QUERY, VALUE, VALUE]),
    ("attention_concat", "Attention", {"score_mode": "concat", "use_scale": True}, [QUERY, VALUE]),
    ("attention_causal", "Attention", {}, [QUERY, QUERY], {"call": {"use_causal_mask": True}}),
    ("attention_scores", "Attention", {}, [QUERY, VALUE], _call(return_attention_scores=True)),
    ("additive", "AdditiveAttention", {}, [QUERY, VALUE]),
    ("additive_plain", "AdditiveAttention", {"use_scale": False}, [QUERY, VALUE]),
    ("heads", "MultiHeadAttention", HEADS, [QUERY], _call(value=VALUE)),
    ("heads_key", "MultiHeadAttention", {**HEADS, "value_dim": 5, "output_shape": 7}, [QUERY],
     _call(value=VALUE, key=(2, 3, 5))),
    ("heads_causal", "MultiHeadAttention", {**HEADS, "use_bias": False}, [QUERY],
     _call(value=QUERY, use_causal_mask=True)),
    ("heads_masked", "MultiHeadAttention", HEADS, [QUERY],
     _call(value=VALUE, attention_mask=("bool", (2, 4, 3)), return_attention_scores=True)),
    ("heads_value_mask", "MultiHeadAttention", HEADS, [QUERY],
     _call(value=VALUE, value_mask=("bool", (2, 3)))),
    ("heads_window", "MultiHeadAttention", {**HEADS, "sliding_window": 2}, [QUERY],
     _call(value=QUERY)),
    ("heads_gate", "MultiHeadAttention", {**HEADS, "use_gate": True}, [QUERY], _call(value=VALUE)),
    ("heads_image", "MultiHeadAttention", HEADS, [(2, 3, 2, 4)],
     _call(value=(2, 2, 2, 4), return_attention_scores=True)),
    ("heads_axes", "MultiHeadAttention", {**HEADS, "attention_axes": [2]}, [(2, 3, 2, 4)],
     _call(value=(2, 3, 3, 4), return_attention_scores=True)),
    ("grouped", "GroupQueryAttention", GROUPS, [QUERY], _call(value=VALUE)),
    ("grouped_causal", "GroupQueryAttention", {**GROUPS, "use_gate": True}, [QUERY],
     _call(value=QUERY, use_causal_mask=True, return_attention_scores=True)),
]  # fmt: skip

DEFAULTS = {
    "layers": {
        "AdditiveAttention": {},
        "Attention": {},
        "GroupQueryAttention": {"head_dim": 2, "num_query_heads": 2, "num_key_value_heads": 1},
        "MultiHeadAttention": {"num_heads": 2, "key_dim": 2},
    }
}
