"""When the word is said: python hear_word.py MODEL FEATURES.npy, slices of 40 numbers each"""

import sys
from collections import deque

import numpy as np
from tflite_runtime.interpreter import Interpreter


class Detector:
    def __init__(self, model_path, window=5):
        with open(model_path, "rb") as file:
            self.model = Interpreter(model_content=file.read())
        self.model.allocate_tensors()
        self.entry = self.model.get_input_details()[0]
        self.exit = self.model.get_output_details()[0]
        self.slices = self.entry["shape"][1]
        self.scale, self.zero_point = self.entry["quantization"]
        self.last = deque(maxlen=window)

    def hear(self, features):
        stored = np.round(features / self.scale + self.zero_point)
        stored = np.clip(stored, -128, 127).astype(self.entry["dtype"])
        self.model.set_tensor(self.entry["index"], stored.reshape(self.entry["shape"]))
        self.model.invoke()
        self.last.append(int(self.model.get_tensor(self.exit["index"])[0, 0]))
        return sum(self.last) / len(self.last)


def main(model_path, feature_path):
    features = np.load(feature_path)
    detector = Detector(model_path)
    for name in ("first", "again"):
        steps = range(0, len(features) - detector.slices + 1, detector.slices)
        heard = [detector.hear(features[i : i + detector.slices]) for i in steps]
        print(name, *(f"{level:.1f}" for level in heard))


if __name__ == "__main__":
    main(*sys.argv[1:])
