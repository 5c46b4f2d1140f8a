"""Name what is in a picture: python label_image.py MODEL LABELS IMAGE"""

import sys

import numpy as np
from PIL import Image
from tflite_runtime.interpreter import Interpreter


def main(model_path, label_path, image_path):
    with open(label_path) as file:
        labels = [line.strip() for line in file]
    interpreter = Interpreter(model_path=model_path, num_threads=1)
    interpreter.allocate_tensors()
    (entry,) = interpreter.get_input_details()
    (exit_,) = interpreter.get_output_details()

    _, height, width, _ = entry["shape"]
    picture = np.array(Image.open(image_path).convert("RGB").resize((width, height)))
    batch = np.expand_dims(picture, axis=0)
    if entry["dtype"] == np.float32:
        batch = (np.float32(batch) - 127.5) / 127.5
    interpreter.set_tensor(entry["index"], batch)
    interpreter.invoke()

    scores = np.squeeze(interpreter.get_tensor(exit_["index"]))
    scale, zero_point = exit_["quantization"]
    if exit_["dtype"] != np.float32:
        scores = scale * (scores.astype(np.int64) - zero_point)
    for index in (-scores).argsort(kind="stable")[:5]:
        print(f"{scores[index]:08.6f}: {labels[index]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
