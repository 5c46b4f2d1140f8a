"""EinsumDense."""

_ROWS, _IMAGE = (2, 3, 4), (2, 3, 5, 4)

LAYERS = [
    ("einsum_dense", "EinsumDense",
     {"equation": "abc,cd->abd", "output_shape": [None, 5], "bias_axes": "d"}, [_ROWS]),
    ("einsum_dense_plain", "EinsumDense",
     {"equation": "ab,bc->ac", "output_shape": 3, "activation": "tanh"}, [(4, 6)]),
    ("einsum_dense_to_heads", "EinsumDense",
     {"equation": "abc,cde->abde", "output_shape": [None, 2, 3], "bias_axes": "de"}, [_ROWS]),
    ("einsum_dense_from_heads", "EinsumDense",
     {"equation": "abcd,cde->abe", "output_shape": [None, 6], "bias_axes": "e"}, [_IMAGE]),
    ("einsum_dense_any", "EinsumDense",
     {"equation": "...x,xy->...y", "output_shape": 5, "bias_axes": "y", "activation": "relu"},
     [_IMAGE]),
    ("einsum_dense_rest", "EinsumDense",
     {"equation": "ab...,bc->ac...", "output_shape": 5, "bias_axes": "c"}, [_ROWS]),
    ("einsum_dense_each", "EinsumDense",
     {"equation": "abc,bcd->abd", "output_shape": [3, 5], "bias_axes": "bd"}, [_ROWS]),
    ("einsum_dense_turned", "EinsumDense",
     {"equation": "abc,cd->adb", "output_shape": [5, 3], "bias_axes": "d"}, [_ROWS]),
    ("einsum_dense_part_of_bias", "EinsumDense",
     {"equation": "abc,cde->abde", "output_shape": [None, 2, 3], "bias_axes": "e"}, [_ROWS]),
    ("einsum_dense_order", "EinsumDense",
     {"equation": "abc,dce->abed", "output_shape": [None, 2, 3], "bias_axes": "ed"}, [_ROWS]),
]  # fmt: skip

DEFAULTS = {"layers": {"EinsumDense": {"equation": "ab,bc->ac", "output_shape": 3}}}
