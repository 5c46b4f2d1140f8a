"""Spectrograms. The inputs are noise, which has power everywhere: decibels of next to nothing are
those of rounding errors.
"""

SIGNAL = (2, 700)
TRACKS = (2, 300, 1)
STEREO = (2, 300, 2)
SHORT = {"frame_length": 32, "frame_step": 20}
# logarithms of float32 sums of 64 products in another order, the values being up to 80
DECIBELS = {"gradients": False, "tolerance": 3e-5}


def mel(name, **arguments):
    short = {"fft_length": 64, "sequence_stride": 48, "sampling_rate": 8000, "num_mel_bins": 10}
    return (name, "MelSpectrogram", short | arguments, [SIGNAL], DECIBELS)


def stft(name, shape=TRACKS, options=None, **arguments):
    return (name, "STFTSpectrogram", SHORT | arguments, [shape], options or {})


# name, class, arguments, inputs
LAYERS = [
    stft("stft_log", options={"tolerance": 1e-4}),  # gradients are divided by small powers
    stft("stft_magnitude", mode="magnitude", options={"tolerance": 1e-4}),
    stft("stft_power", mode="psd", window="hamming", scaling="spectrum", fft_length=64),
    stft("stft_real", mode="real", padding="same", scaling=None),
    stft("stft_imag", mode="imag", periodic=True),
    stft("stft_angle", mode="angle", options={"gradients": False, "tolerance": 1e-3}),
    stft("stft_both", STEREO, mode="stft"),
    stft("stft_stereo", STEREO, mode="psd"),
    stft("stft_maps", STEREO, mode="psd", expand_dims=True, frame_step=None),
    stft("stft_first", (2, 2, 300), mode="psd", data_format="channels_first"),
    stft("stft_maps_first", (2, 2, 300), mode="real", data_format="channels_first",
         expand_dims=True, padding="same"),
    mel("mel"),
    mel("mel_whole_range", top_db=float("inf")),
    mel("mel_window", window="hamming", sequence_length=50, max_freq=3000, min_freq=100.0,
        top_db=float("inf")),
    mel("mel_power", power_to_db=False),
    mel("mel_magnitude", power_to_db=False, mag_exp=1.0, window=None),
    mel("mel_exponent", power_to_db=False, mag_exp=1.5),
    mel("mel_reference", ref_power=4.0, top_db=20.0),
]  # fmt: skip

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {"layers": {"MelSpectrogram": {}, "STFTSpectrogram": {}}}
