"""What networks are made of, and signals."""

from __future__ import annotations

import numpy as np

from .case import Cases
from .inputs import IMAGES, ROW, SEQUENCES, SQUARE, VOLUMES, Draws, M, N, P, V, X, Y

_DRAWS = Draws("networks")
normal, share = _DRAWS.normal, _DRAWS.share
CASES = Cases()
case, enter = CASES.add, CASES.enter

# -- activations ----------------------------------------------------------------------------------
for name in (
    "celu", "elu", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
    "leaky_relu", "log_sigmoid", "log_softmax", "relu", "relu6", "selu", "sigmoid", "silu",
    "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "squareplus",
    "swish", "tanh", "tanh_shrink",
):  # fmt: skip
    case(name, X * 2, slopes="differences" if name == "hard_sigmoid" else "torch", rtol=4e-6)
case("gelu", X, False, label="gelu exact", rtol=4e-6)
case("celu", X, 0.7, label="celu alpha", slopes="differences")
case("elu", X, 0.7, label="elu alpha")
case("glu", X, axis=1)
case("glu", V, axis=2)
case("hard_shrink", X, 0.3, label="hard_shrink threshold")
case("soft_shrink", X, 0.3, label="soft_shrink threshold")
case("threshold", X, 0.2, -1.0)
case("softmax", V, axis=(1, 2))
case("softmax", ROW, label="softmax of a vector")
case("log_softmax", V, axis=1)
case("relu", N, label="relu of integers")
case("one_hot", N, 5)
case("one_hot", N, 5, axis=0, dtype="int32")
case("multi_hot", N, 9)

# -- normalization and attention ------------------------------------------------------------------
case("moments", V, (0, 2))
case("moments", V, [1], True)
case("normalize", X, axis=1)
case("normalize", X, 1, 3, label="normalize order 3")
case("batch_normalization", V, P[0], P[1], -1, slopes="differences")
case("batch_normalization", V, P[0, :3], P[1, :3], 1, P[2, :3], X[0, :3], slopes="differences")
case("layer_normalization", V, label="layer_normalization plain", rtol=2e-5, slopes="differences")
case("layer_normalization", V, P[0], P[1], rtol=2e-5, slopes="differences")
case("layer_normalization", V, P[:3], None, axis=(1, 2), rtol=2e-5, slopes="differences")
case("rms_normalization", V, slopes="differences")
case("rms_normalization", V, P[0], label="rms_normalization scale", slopes="differences")
case("psnr", P, share(3, 4), 1.0)
_Q, _K, _VALUE = normal(2, 3, 4, 5), normal(2, 6, 4, 5), normal(2, 6, 4, 5)
case("dot_product_attention", _Q, _K, _VALUE, rtol=1e-5, slopes="differences")
case("dot_product_attention", _Q, _K[:, :, :2], _VALUE[:, :, :2], label="attention of groups",
     rtol=1e-5, slopes="differences")  # fmt: skip
case("dot_product_attention", _Q, _K[:, :3], _VALUE[:, :3], is_causal=True, rtol=1e-5,
     label="causal attention", slopes="differences")  # fmt: skip
case("dot_product_attention", _Q, _K, _VALUE, bias=normal(1, 1, 3, 6), scale=0.3, rtol=1e-5,
     label="attention with bias", slopes="differences")  # fmt: skip
case("dot_product_attention", _Q, _K, _VALUE, mask=normal(2, 1, 3, 6) > -0.5, rtol=1e-5,
     label="attention with mask", slopes="differences")  # fmt: skip

# -- losses ---------------------------------------------------------------------------------------
_TARGETS = (P > 0.5).astype("float32")
case("binary_crossentropy", _TARGETS, share(3, 4), rtol=1e-5, slopes="differences")
case("binary_crossentropy", _TARGETS, X, from_logits=True, slopes="differences")
_ONE_HOT = np.eye(4, dtype="float32")[[0, 3, 1]]
case("categorical_crossentropy", _ONE_HOT, X, from_logits=True, slopes="differences")
case("sparse_categorical_crossentropy", np.array([0, 3, 1]), X, from_logits=True)
_LOGITS = normal(2, 6, 4)
case("ctc_loss", np.array([[1, 2, 2], [3, 0, 0]], "int32"), _LOGITS, np.array([3, 1]),
     np.array([6, 4]), rtol=1e-5, slopes="differences")  # fmt: skip
case("ctc_loss", np.array([[1, 2, 0], [0, 0, 1]], "int32"), _LOGITS, np.array([3, 3]),
     np.array([6, 6]), mask_index=3, label="ctc_loss mask_index", rtol=1e-5,
     slopes="differences")  # fmt: skip
for strategy, paths in (("greedy", 1), ("beam_search", 2)):
    for blank in (0, 3):
        case("ctc_decode", _LOGITS, np.array([6, 4]), strategy=strategy, top_paths=paths,
             mask_index=blank, label=f"ctc_decode {strategy} {blank}", symbolic="decide",
             slopes="")  # fmt: skip
case("ctc_decode", _LOGITS, np.array([6, 4]), merge_repeated=False, label="ctc_decode repeats",
     symbolic="decide", slopes="")  # fmt: skip

# -- windows --------------------------------------------------------------------------------------
CONV = {"rtol": 1e-5}
_TWO, _ONE, _THREE = normal(3, 2, 4, 3), normal(3, 3, 2), normal(2, 2, 3, 2, 3)
case("conv", IMAGES, _TWO, **CONV)
case("conv", IMAGES, _TWO, 2, "same", **CONV, label="conv same")
case("conv", IMAGES, _TWO, dilation_rate=(1, 2), **CONV, label="conv dilated")
case("conv", IMAGES.transpose(0, 3, 1, 2).copy(), _TWO, data_format="channels_first", **CONV,
     label="conv channels_first")  # fmt: skip
case("conv", IMAGES, normal(2, 2, 2, 6), label="conv of groups", **CONV)
case("conv", SEQUENCES, _ONE, 2, "same", **CONV, label="conv of sequences")
case("conv", VOLUMES, _THREE, **CONV, label="conv of volumes")
case("depthwise_conv", IMAGES, normal(3, 2, 4, 2), **CONV)
case("depthwise_conv", SEQUENCES, _ONE, 1, "same", **CONV, label="depthwise_conv of sequences")
case("separable_conv", IMAGES, normal(3, 2, 4, 2), normal(1, 1, 8, 3), **CONV)
case("separable_conv", SEQUENCES, _ONE, normal(1, 6, 3), **CONV, label="separable of sequences")
case("conv_transpose", IMAGES, normal(3, 2, 3, 4), 2, **CONV)
case("conv_transpose", IMAGES, normal(3, 3, 3, 4), 2, "same", **CONV, label="conv_transpose same")
case("conv_transpose", SEQUENCES, normal(3, 2, 3), 2, "same", 1, **CONV,
     label="conv_transpose of sequences")  # fmt: skip
case("conv_transpose", VOLUMES, normal(2, 3, 2, 3, 2), 2, **CONV, label="conv_transpose of volumes")
for name in ("max_pool", "average_pool"):
    case(name, IMAGES, (2, 2), (2, 2))
    case(name, IMAGES, (3, 2), 1, "same", label=f"{name} same", slopes="differences")
    case(name, SEQUENCES, 3, 2, label=f"{name} of sequences")
    case(name, VOLUMES, (2, 2, 2), (2, 2, 2), label=f"{name} of volumes")
    case(name, IMAGES, (2, 2), (2, 2), data_format="channels_first",
         label=f"{name} channels_first")  # fmt: skip
for name in ("adaptive_average_pool", "adaptive_max_pool"):
    case(name, IMAGES, (4, 3))
    case(name, SEQUENCES, 3, label=f"{name} of sequences")
    case(name, VOLUMES, (2, 3, 2), label=f"{name} of volumes")
    case(name, IMAGES, 2, data_format="channels_first", label=f"{name} channels_first")

# -- patches --------------------------------------------------------------------------------------
_BLOCKS = normal(2, 4, 6, 8)
for name in ("depth_to_space", "space_to_depth"):
    case(name, _BLOCKS, 2)
    case(name, _BLOCKS.transpose(0, 3, 1, 2).copy(), 2, data_format="channels_first",
         label=f"{name} channels_first")  # fmt: skip
_FIRST = normal(2, 3, 6, 5)
case("unfold", _FIRST, 2)
case("unfold", _FIRST, (3, 2), 1, (1, 0), (2, 1), label="unfold with a border")
case("unfold", _FIRST, 2, 2, label="unfold dilated")
case("fold", normal(2, 12, 20), (6, 5), 2)
case("fold", normal(2, 18, 12), (6, 5), (3, 2), 1, (1, 0), (2, 1), label="fold with a border")
case("extract_sequences", V, 3, 1)
case("extract_sequences", ROW, 2, 2)
for pattern, lengths in {
    "b h w c -> b c h w": {}, "b h w c -> (b h) w c": {}, "b h w c -> h (b w) c": {},
    "b (h s) w c -> b h w (s c)": {"s": 2}, "b (h1 h) (w w1) c -> (b h1 w1) h w c":
    {"h1": 2, "w1": 3},
}.items():  # fmt: skip
    case("rearrange", _BLOCKS, pattern, label=f"rearrange {pattern}", **lengths)

# -- signals --------------------------------------------------------------------------------------
case("fft", (V, V[::-1].copy()))
case("fft2", (V, V[::-1].copy()))
case("ifft2", (V, V[::-1].copy()))
for length in (None, 6, 3):
    case("rfft", V, length)
    case("irfft", (V, V[::-1].copy()), length)
_LONG = normal(2, 20)
STFT = {"rtol": 1e-5}
case("stft", _LONG, 5, 2, 8, **STFT)
case("stft", _LONG, 6, 3, 6, window="hamming", center=False, label="stft hamming", **STFT)
case("stft", _LONG, 6, 3, 7, window=None, label="stft without window", **STFT,
     slopes="differences")  # fmt: skip
_PARTS = (normal(2, 9, 5), normal(2, 9, 5))
case("istft", _PARTS, 8, 2, 8, **STFT)
case("istft", _PARTS, 6, 3, 8, length=19, window="hamming", label="istft length", **STFT,
     slopes="differences")  # fmt: skip
case("istft", _PARTS, 8, 4, 8, window=None, label="istft without window", **STFT)
case("view_as_complex", normal(3, 2), slopes="")
enter("view_as_real", lambda ops, x: ops.view_as_real(ops.view_as_complex(x)), [normal(3, 2)], "")
enter("polar", lambda ops, a, b: ops.view_as_real(ops.polar(a, b)), [P, X], "")
for name in ("real", "imag", "conj", "conjugate", "angle"):
    enter(name, lambda ops, x, name=name: getattr(ops, name)(ops.view_as_complex(x)),
          [normal(3, 2)], "")  # fmt: skip
    case(name, X, label=f"{name} of real numbers", slopes="" if name == "angle" else "differences")
for name in ("bartlett", "blackman", "hamming", "hanning"):
    case(name, np.array(7, "int32"))
case("kaiser", np.array(7, "int32"), 5.0)

# -- numbers that are said ------------------------------------------------------------------------
case("geomspace", 1.0, 8.0, 4)
case("logspace", 0.0, 2.0, 4)
case("linspace", 0.0, 1.0, 5, True, True)
case("linspace", 0, 4, 4, endpoint=False, label="linspace of integers")
case("tri", 3, 4, 1)
case("eye", 3, 4, -1)
case("arange", 5)
case("arange", 0.5, 3, label="arange of real numbers")
case("full", (2, 3), 7)
case("zeros_like", N)
case("ones_like", X, slopes="")
case("full_like", N, 2)
case("dtype", M)

# -- functions of functions -----------------------------------------------------------------------
enter("cond", lambda ops, x: ops.cond(ops.sum(x) > 100, lambda: x * 2, lambda: x * 3), [X],
      symbolic="values")  # fmt: skip
enter("switch", lambda ops, x: ops.switch(np.array(1), [lambda y: y * 2, lambda y: y * y], x), [X])
enter(
    "while_loop",
    lambda ops, x: ops.while_loop(
        lambda i, y, z: i < 3, lambda i, y, z: (i + 1, y * z, z), (np.array(0, "int32"), x, x)
    ),
    [X],
    "differences",
)
enter("fori_loop", lambda ops, x: ops.fori_loop(0, 3, lambda i, y: y * y, x), [X], "differences")
enter("map", lambda ops, x: ops.map(lambda one: one * ops.sum(one), x), [X])
enter("vectorized_map", lambda ops, x: ops.vectorized_map(lambda one: ops.max(one) * one, x), [X])
enter("scan", lambda ops, x: ops.scan(lambda c, y: (c + y * y, c * y), x[0], x), [X])
enter("scan reverse", lambda ops, x: ops.scan(lambda c, y: (c * y, c), x[0], x, reverse=True), [X])
for flag in (False, True):
    enter(f"associative_scan {flag}", lambda ops, x, flag=flag: ops.associative_scan(
        lambda a, b: a * b, x, reverse=flag, axis=1), [V], "differences")  # fmt: skip
enter("vectorize", lambda ops, x, y: ops.vectorize(lambda a, b: a * b + a)(x, y), [X, Y[0]])
enter(
    "vectorize signature",
    lambda ops, x, y: ops.vectorize(lambda a, b: ops.sum(a * b), signature="(n),(n)->()")(x, y),
    [X, Y],
)
enter("jvp", lambda ops, x, t: ops.jvp(lambda a: ops.sin(a) * a, (x,), (t,)), [X, Y], "",
      symbolic="values")  # fmt: skip
enter("jvp of two", lambda ops, x, y: ops.jvp(
    lambda a, b: ops.matmul(a, b), (x, y), (y * 2, x)), [SQUARE[0], SQUARE[1]], "",
    symbolic="values")  # fmt: skip
