"""Say what a picture shows, with an edgekit model that carries its labels and preprocessing.

    python3 classify.py model.edge picture.png [more.jpg ...]
    python3 classify.py model.edge --camera

Needs numpy; Pillow for pictures, picamera2 for the camera.
"""

import argparse
import sys
import time

import numpy as np

from edgekit.interpreter import Interpreter


def fit(image, interpreter, invert):
    """The picture as the model wants it: size, colours and, from the model file, value range."""
    from PIL import ImageOps

    taken = interpreter.graph.value(interpreter.graph.inputs[0])
    if taken.dtype != "uint8" and interpreter.metadata.preprocessing is None:
        raise ValueError("the model says nothing of pixels: convert it with --mean and --std")
    _, height, width, channels = taken.shape
    # Cut to the model's shape around the middle: squeezing would change what things look like.
    image = ImageOps.fit(image.convert("L" if channels == 1 else "RGB"), (width, height))
    image = ImageOps.invert(image) if invert else image
    pixels = np.asarray(image).reshape(1, height, width, channels)
    return pixels if taken.dtype == "uint8" else interpreter.preprocess(pixels)


def describe(pixels, interpreter, top):
    """The best labels with their scores, and the time that the model took."""
    start = time.perf_counter()
    scores = interpreter.predict(pixels)[0].tolist()
    milliseconds = (time.perf_counter() - start) * 1000
    labels = interpreter.labels or [f"class {i}" for i in range(len(scores))]
    best = sorted(zip(scores, labels, strict=True), reverse=True)[:top]
    answer = ", ".join(f"{label} {score:.1%}" for score, label in best)
    return f"{answer}   ({milliseconds:.1f} ms)"


def pictures(paths):
    from PIL import Image

    for path in paths:
        with Image.open(path) as image:
            yield path, image


def camera():
    from picamera2 import Picamera2

    with Picamera2() as device:
        device.configure(device.create_video_configuration(main={"size": (640, 480)}))
        device.start()
        while True:
            yield "camera", device.capture_image("main")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a .edge file")
    parser.add_argument("pictures", nargs="*", help="image files")
    parser.add_argument("--camera", action="store_true", help="use the camera until Ctrl-C")
    parser.add_argument("--invert", action="store_true", help="dark on light to light on dark")
    parser.add_argument("--top", type=int, default=3, help="labels to print (3)")
    options = parser.parse_args()
    if options.camera == bool(options.pictures):
        parser.error("name pictures, or use --camera")
    interpreter = Interpreter(options.model)
    for name, image in camera() if options.camera else pictures(options.pictures):
        pixels = fit(image, interpreter, options.invert)
        print(f"{name}: {describe(pixels, interpreter, options.top)}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
    except (OSError, ValueError, ImportError) as error:
        sys.exit(f"classify: {error}")
