"""Where the faces are: python detect_faces.py MODEL IMAGE"""

import sys

import numpy as np
from PIL import Image
from tflite_runtime.interpreter import Interpreter

THRESHOLD = 0.02


def anchors():
    """Centers of the cells that the 896 boxes stand in: 2 per cell of 16 x 16, 6 of 8 x 8."""
    found = []
    for cells, boxes in ((16, 2), (8, 6)):
        for row in range(cells):
            for column in range(cells):
                found += [((column + 0.5) / cells, (row + 0.5) / cells)] * boxes
    return np.array(found, np.float32)


def set_input_tensor(interpreter, image):
    index = interpreter.get_input_details()[0]["index"]
    interpreter.tensor(index)()[0][:, :] = image


def get_output_tensor(interpreter, number):
    details = interpreter.get_output_details()[number]
    return np.squeeze(interpreter.get_tensor(details["index"]))


def main(model_path, image_path):
    interpreter = Interpreter(model_path)
    interpreter.allocate_tensors()
    _, height, width, _ = interpreter.get_input_details()[0]["shape"]
    image = Image.open(image_path).convert("RGB").resize((width, height))
    set_input_tensor(interpreter, np.asarray(image, np.float32) / 127.5 - 1)
    interpreter.invoke()
    boxes, scores = (get_output_tensor(interpreter, i) for i in (0, 1))
    scores = 1 / (1 + np.exp(-scores))
    centers = anchors() + boxes[:, :2] / [width, height]
    sizes = boxes[:, 2:4] / [width, height]
    best = (-scores).argsort(kind="stable")[:3]
    for index in best[scores[best] > THRESHOLD]:
        (x, y), (w, h) = centers[index], sizes[index]
        print(f"{scores[index]:.3f} at {x:.2f} {y:.2f}, {w:.2f} x {h:.2f}")
    print(f"{(scores > THRESHOLD).sum()} boxes in all")


if __name__ == "__main__":
    main(*sys.argv[1:])
