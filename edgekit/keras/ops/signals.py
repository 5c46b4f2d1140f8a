"""Fourier's transforms, and complex numbers.

A transform takes and gives pairs of tensors, the real and imaginary parts. Complex tensors can be
made and taken apart, but no tape goes through them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras.ops.patches import extract_sequences
from edgekit.keras.ops.shapes import expand_dims, pad
from edgekit.keras.ops.tensors import as_tensor, computed_on, dtype_of, floating, operation
from edgekit.train.backend import to_numpy
from edgekit.train.ops import elementwise
from edgekit.train.ops.fourier import complex_of, fourier, part_of_complex
from edgekit.train.ops.scatter import scatter
from edgekit.train.ops.shape import concat

__all__ = [
    "angle", "conj", "conjugate", "fft", "fft2", "ifft2", "imag", "irfft", "istft", "polar", "real",
    "rfft", "stft", "view_as_complex", "view_as_real",
]  # fmt: skip


def _paired(x: Any, name: str) -> Any:
    """Real and imaginary parts along a last axis."""
    if not isinstance(x, tuple | list) or len(x) != 2:
        raise InputError(f"{name}: expected a pair of tensors, the real and the imaginary part")
    parts = [floating(part) for part in x]
    if tuple(parts[0].shape) != tuple(parts[1].shape):
        raise InputError(f"{name}: the parts have shapes {parts[0].shape} and {parts[1].shape}")
    return _beside(parts)


def _beside(parts: list[Any]) -> Any:
    """Tensors of one shape along a new last axis."""
    return concat([expand_dims(part, -1) for part in parts], axis=-1)


def _parts(pairs: Any) -> tuple[Any, Any]:
    return pairs[..., 0], pairs[..., 1]


@operation
def fft(x: Any) -> tuple[Any, Any]:
    """The transform of complex numbers along the last axis; x is (real part, imaginary part)."""
    return _parts(fourier(_paired(x, "fft"), axes=(-1,)))


@operation
def fft2(x: Any) -> tuple[Any, Any]:
    """The transform of complex numbers along the last two axes."""
    return _parts(fourier(_paired(x, "fft2"), axes=(-2, -1)))


@operation
def ifft2(x: Any) -> tuple[Any, Any]:
    """The opposite of `fft2`."""
    pairs = _paired(x, "ifft2")
    count = pairs.shape[-2] * pairs.shape[-3]
    return _parts(fourier(pairs, axes=(-2, -1), sign=1) * (1 / count))


def _fitted(x: Any, length: int, axis: int) -> Any:
    """`x` cut, or with zeros behind it, along an axis counted from the end."""
    lost = x.shape[axis] - length
    if lost <= 0:
        return x if lost == 0 else pad(x, [(0, -lost if i == len(x.shape) + axis else 0)
                                           for i in range(len(x.shape))])  # fmt: skip
    head = (Ellipsis, slice(None, length), *(slice(None),) * (-axis - 1))
    return x[head]


@operation
def rfft(x: Any, fft_length: int | None = None) -> tuple[Any, Any]:
    """The first half, and the middle, of the transform of real numbers along the last axis."""
    x = floating(x)
    x = x if fft_length is None else _fitted(x, int(fft_length), -1)
    pairs = _beside([x, x * 0])
    return _parts(fourier(pairs, axes=(-1,))[..., : x.shape[-1] // 2 + 1, :])


@operation
def irfft(x: Any, fft_length: int | None = None) -> Any:
    """The opposite of `rfft`: real numbers, by default an even number of them."""
    pairs = _paired(x, "irfft")
    length = 2 * (pairs.shape[-2] - 1) if fft_length is None else int(fft_length)
    half = length // 2 + 1
    # what is left out is the mirror of what is there: all but the ends count twice
    weights = np.full((half, 1), 2 / length, dtype_of(pairs))
    weights[0] = 1 / length
    if length % 2 == 0:
        weights[-1] = 1 / length
    return fourier(_fitted(_fitted(pairs, half, -2) * weights, length, -2), axes=(-1,), sign=1)[
        ..., 0
    ]


# -- short times ----------------------------------------------------------------------------------


def _window(window: Any, length: int, fft_length: int, dtype: Any) -> Any:
    """The window of `length` in the middle of `fft_length` numbers."""
    if window is None:
        return np.ones(fft_length, dtype)
    before = (fft_length - length) // 2
    border = ((before, fft_length - length - before),)
    if isinstance(window, str):
        if window not in ("hann", "hamming"):
            raise InputError(
                f"window must be 'hann', 'hamming', a tensor or None. Received: {window!r}"
            )
        name = "hanning" if window == "hann" else "hamming"
        return np.pad(getattr(np, name)(length + 1)[:-1], border).astype(dtype)  # one period of it
    values = floating(window)
    if tuple(values.shape) != (length,):
        raise InputError(f"the window has shape {values.shape}, expected ({length},)")
    return pad(values, border)


def _check(sequence_length: int, fft_length: int) -> None:
    if fft_length < sequence_length:
        raise InputError(
            "fft_length must be at least sequence_length. Received: "
            f"sequence_length={sequence_length}, fft_length={fft_length}"
        )


@operation
def stft(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    window: Any = "hann",
    center: bool = True,
) -> tuple[Any, Any]:
    """The transforms of pieces that begin every `sequence_stride` elements, each times a window:
    (..., pieces, fft_length // 2 + 1). With `center` a piece lies around its beginning.
    """
    _check(sequence_length, fft_length)
    x = floating(x)
    if center:
        half = fft_length // 2
        x = pad(x, [(0, 0)] * (len(x.shape) - 1) + [(half, half)], mode="reflect")
    pieces = extract_sequences(x, fft_length, sequence_stride)
    return rfft(pieces * _window(window, sequence_length, fft_length, dtype_of(x)))


@operation
def istft(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Any:
    """The opposite of `stft`: pieces added where they were, over the sum of squared windows.

    Without a window they are not divided, as in Keras.
    """
    _check(sequence_length, fft_length)
    pieces = irfft(x, fft_length)
    shape = _window(window, sequence_length, fft_length, dtype_of(pieces))
    count = pieces.shape[-2]
    total = (count - 1) * sequence_stride + fft_length
    places = np.arange(count)[:, None] * sequence_stride + np.arange(fft_length)
    added = scatter(pieces * shape, index=(Ellipsis, places), shape=(*pieces.shape[:-2], total))
    made = added if window is None else added * _over_squares(shape, places, total)
    start = fft_length // 2 if center else 0
    if length is not None:
        stop = start + int(length)
    else:
        stop = total - (fft_length // 2 if center else 0)
    return _fitted(made[..., start:stop], stop - start, -1)


def _over_squares(window: Any, places: np.ndarray, total: int) -> np.ndarray:
    """1 over the sum of squared windows that meet at each place; 0 where there is silence."""
    squares = np.zeros(total)
    np.add.at(squares, places, np.broadcast_to(to_numpy(window) ** 2, places.shape))
    silent = squares < 1e-11
    return np.where(silent, 0.0, 1 / np.where(silent, 1.0, squares)).astype(dtype_of(window))


# -- complex numbers ------------------------------------------------------------------------------


@operation
def view_as_complex(x: Any) -> Any:
    """(..., 2), real and imaginary parts, as complex numbers (...)."""
    x = floating(x)
    if not x.shape or x.shape[-1] != 2:
        raise InputError(f"view_as_complex: expected (..., 2). Received: shape {x.shape}")
    return complex_of(x)


@operation
def view_as_real(x: Any) -> Any:
    """Complex numbers (...) as their real and imaginary parts (..., 2)."""
    return _beside([real(x), imag(x)])


@operation
def polar(abs_: Any, angle: Any) -> Any:
    """Complex numbers by their length and direction."""
    length, direction = floating(abs_), floating(angle)
    parts = [length * elementwise.cos(direction), length * elementwise.sin(direction)]
    return view_as_complex(_beside(parts))


def _is_complex(x: Any) -> bool:
    return dtype_of(x).kind == "c"


@operation
def real(x: Any) -> Any:
    """The real part."""
    x = as_tensor(x)
    return part_of_complex(x, part="real") if _is_complex(x) else x


@operation
def imag(x: Any) -> Any:
    """The imaginary part; zeros of real numbers."""
    x = as_tensor(x)
    return part_of_complex(x, part="imag") if _is_complex(x) else x * 0


@operation
def conjugate(x: Any) -> Any:
    """With the imaginary part negative."""
    x = as_tensor(x)
    return part_of_complex(x, part="conj") if _is_complex(x) else x


conj = conjugate


@operation
def angle(x: Any) -> Any:
    """The direction of complex numbers; 0 or pi of real ones."""
    x = as_tensor(x)
    return part_of_complex(x, part="angle") if _is_complex(x) else computed_on("angle", floating(x))
