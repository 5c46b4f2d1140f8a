"""Take noise out of speech: python clean_speech.py MODEL SOUND.wav

The network gives its memory back as a second output; it is handed in with the next block.
"""

import sys
import wave

import numpy as np
from tflite_runtime.interpreter import Interpreter

BLOCK, SHIFT = 512, 128


def main(model_path, sound_path):
    with wave.open(sound_path) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16) / 32768
    interpreter = Interpreter(model_path=model_path)
    interpreter.allocate_tensors()
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    by_size = {int(np.prod(d["shape"])): d["index"] for d in inputs}
    spectrum, memory = by_size[257], by_size[512]
    mask = next(d["index"] for d in outputs if np.prod(d["shape"]) == 257)
    kept = next(d["index"] for d in outputs if np.prod(d["shape"]) == 512)
    state = np.zeros(next(d["shape"] for d in inputs if d["index"] == memory), np.float32)
    for start in range(0, 40 * SHIFT, SHIFT):
        magnitude = np.abs(np.fft.rfft(samples[start : start + BLOCK])).astype(np.float32)
        interpreter.set_tensor(spectrum, magnitude.reshape(1, 1, -1))
        interpreter.set_tensor(memory, state)
        interpreter.invoke()
        state = interpreter.get_tensor(kept)
        found = interpreter.get_tensor(mask)
        print(f"{start // SHIFT}: {found.mean():.3f} {np.abs(state).mean():.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
