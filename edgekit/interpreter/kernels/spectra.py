"""The transform of Fourier: Rfft2D."""

from __future__ import annotations

import numpy as np

from ..step import Step
from . import kernel

__all__: list[str] = []


@kernel("Rfft2D", "float32")
def rfft2d(step: Step) -> None:
    """`sum x[r, c] * exp(-2 pi i (r k / rows + c l / columns))`, its real and imaginary parts.

    Over the last two dimensions, cut or filled up with zeros to `lengths`. Computed in float64, as
    LiteRT does: numpy 1 would do so by itself, numpy 2 would not.
    """
    x, real, imaginary = step.input(0), step.output(), step.output(1)
    rows, columns = step.attrs["lengths"]

    def run() -> None:
        spectrum = np.fft.rfft(x[..., :rows, :].astype(np.float64), columns)
        if rows > 1:
            spectrum = np.fft.fft(spectrum, rows, -2)
        np.copyto(real, spectrum.real, "same_kind")
        np.copyto(imaginary, spectrum.imag, "same_kind")

    step.call(run)
