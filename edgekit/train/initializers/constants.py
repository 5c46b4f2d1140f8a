"""Initial weights that are not random."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError, lookup
from edgekit.train.initializers.initializer import Initializer

__all__ = ["STFT", "Constant", "Identity", "Ones", "Zeros"]


class Zeros(Initializer):
    """All zeros."""

    def __call__(self, shape, dtype="float32"):
        return np.zeros(shape, dtype)


class Ones(Initializer):
    """All ones."""

    def __call__(self, shape, dtype="float32"):
        return np.ones(shape, dtype)


class Constant(Initializer):
    """One value everywhere."""

    config_names = ("value",)

    def __init__(self, value: float = 0.0) -> None:
        self.value = value

    def __call__(self, shape, dtype="float32"):
        return np.full(shape, self.value, dtype)


class Identity(Initializer):
    """`gain` times the identity matrix; for weights of two axes."""

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape, dtype="float32"):
        if len(shape) != 2:
            raise ValueError(f"Identity needs a shape of two axes. Received: {shape}")
        return (self.gain * np.eye(*shape)).astype(dtype)

    def get_config(self) -> dict[str, Any]:
        return {} if self.gain == 1.0 else {"gain": self.gain}


def _cosines(*weights: float) -> Any:
    """A window that is a sum of cosines: w0 - w1 cos(x) + w2 cos(2 x) ..."""

    def window(x: np.ndarray) -> np.ndarray:
        return sum((-1) ** k * w * np.cos(k * x) for k, w in enumerate(weights))

    return window


# the window at the angle x, which goes once around
_WINDOWS = {
    "blackman": _cosines(0.42, 0.5, 0.08),
    "boxcar": _cosines(1.0),
    "hamming": _cosines(0.54, 0.46),
    "hann": _cosines(0.5, 0.5),
}


class STFT(Initializer):
    """Kernels of a short-time Fourier transform, shape (frame length, 1, frequencies).

    side: "real" (cosines) or "imag" (sines). window: "hann", "hamming", "blackman", "boxcar", an
    array or None. scaling: "density", "spectrum" or None. periodic: the window of a spectrum
    instead of the symmetric one of a filter.
    """

    config_names = ("side", "window", "periodic", "scaling")

    def __init__(
        self,
        side: str = "real",
        window: Any = "hann",
        scaling: str | None = "density",
        periodic: bool = False,
    ) -> None:
        if side not in ("real", "imag"):
            raise InputError(f"STFT: side must be 'real' or 'imag'. Received: {side!r}")
        if scaling not in (None, "density", "spectrum"):
            raise InputError(
                f"STFT: scaling must be 'density', 'spectrum' or None. Received: {scaling!r}"
            )
        if isinstance(window, str):
            lookup(_WINDOWS, window, "window")
        self.side = side
        self.window = window
        self.scaling = scaling
        self.periodic = periodic

    def _window(self, length: int) -> np.ndarray:
        if not isinstance(self.window, str):
            values = np.asarray(self.window, np.float64)
            if values.shape != (length,):
                raise InputError(
                    f"STFT: the window must have the shape ({length},). Received: {values.shape}"
                )
            return values
        around = length if self.periodic else max(length - 1, 1)
        return _WINDOWS[self.window](2 * np.pi * np.arange(length) / around)

    def __call__(self, shape, dtype="float32"):
        length, _, frequencies = shape
        turns = np.arange(frequencies) / ((frequencies - 1) * 2)
        angle = -2 * np.pi * np.arange(length)[:, None] * turns[None]
        kernel = np.cos(angle) if self.side == "real" else np.sin(angle)
        if self.window is not None:
            window = self._window(length)
            scale = {
                "density": np.sqrt((window**2).sum()),
                "spectrum": np.abs(window).sum(),
                None: 1.0,
            }[self.scaling]
            kernel = kernel * window[:, None] / scale
        return np.broadcast_to(kernel[:, None, :], shape).astype(dtype)
