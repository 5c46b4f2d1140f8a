"""Write docs/command-line.md: every command with what it really prints.

    make demo && .venv/bin/python scripts/command_line_page.py

The commands run in build/demo, on the files that the demo left there.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "build" / "demo"
PAGE = ROOT / "docs" / "command-line.md"

INTRODUCTION = """\
# The command line

`edgekit COMMAND --help` lists the options of each command. What is shown here was printed by the
commands themselves, on the files that `make demo` writes (`scripts/command_line_page.py` makes this
page).

| exit status | meaning |
|---|---|
| 0 | done |
| 1 | `migrate` leaves something to do by hand |
| 2 | an option, a file or an array cannot be used; one sentence says which and what to do |
| 3 | a gate was missed: the accuracy dropped too far, or the model is not bit-exact here |
| 130, 141 | interrupted; the reader of the output went away, as `head` does |

A file is written whole or not at all: after an interrupt, a full disk or a missed gate, the old one
is still there. `--debug` shows the traceback of an error.
"""

# Heading, what to say, and the commands to show.
SECTIONS = (
    (
        "convert",
        "From a float model (`.keras`, `.h5`, `.tflite` or `.edge`) to int8. The ranges of all "
        "activations come from typical inputs; with `--evaluate` the accuracy of both models is "
        "measured, int8 on the arithmetic that the device runs, and `--max-drop` refuses a model "
        "that loses more. Labels and the rule that makes inputs of pixels, (raw - mean) / std, go "
        "into the file.\n\n"
        "A model that is quantized already, in whole or in part (int8, uint8, int16, or integer "
        "weights under float activations), becomes a `.edge` file with the same command and no "
        "data: every integer and scale stays, the outputs keep their bits, and the report says so. "
        "Calibration data only choose what `verify` replays; with `--evaluate` the model is "
        "measured alone, for lack of a float one. `--arithmetic fixedpoint` reads a `.tflite` file "
        "with the rounding of a microcontroller. A `.tflite` file whose weights are float16 is a "
        "float model. Of a file with several functions `--signature KEY` names one, and where a "
        "file leaves sizes open, `--input-shape sound=1,16000` says them; `run`, `export` and "
        "`bench` take both, too.\n\n"
        "`--calibration` and `--evaluate` take folders of pictures, too, read as "
        "`keras.utils.image_dataset_from_directory` reads them: squeezed into the model's size, "
        "the subfolders of `--evaluate` being the classes, in the order of `--labels` where these "
        "are their names. Their pixels go from 0 to 255: `--mean` and `--std` make of them what "
        "the model was trained on (`--std 1` where it has a Rescaling layer of its own). Of a "
        "folder with more than 500, 500 at even distances calibrate.\n\n"
        "A `.csv` file holds a sample in each line; a first line may name the columns, of which "
        "`y` holds the labels. A model with several inputs takes the columns of their names.",
        ("edgekit convert digits.keras --calibration calibration.npz --evaluate test.npz "
         "--max-drop 0.5 --labels labels.txt --std 255 -o digits.edge",),
    ),
    (
        "When something is wrong",
        "The message says what was expected, what came, and what to do. Here pixels of 0 to 255 "
        "for a model that was trained on 0 to 1, and a file that is not there:",
        ("edgekit convert digits.keras --calibration pixels.npz --evaluate test.npz -o digits.edge",
         "edgekit convert digits.keras --calibration calibrate.npz -o digits.edge"),
    ),
    (
        "Tables",
        "Nothing fails where one input holds columns of very unequal range (cylinders from 3 to 8 "
        "beside a mass of 600 to 3000), but one int8 scale would leave the small ones a step or "
        "none. A `Normalization` at the beginning of the model therefore stays in float where some "
        "column would have fewer than 16 steps: the report names the columns, and the input of the "
        "device is float32. `--int8-inputs` forbids that. Where there is no such layer, or it is "
        "forbidden, a note of the report names the columns with their ranges and steps: normalize "
        "them before training and conversion.",
        (),
    ),
    (
        "inspect",
        "What is in a file: layers, sizes, memory, what is float and why, where it comes from.",
        ("edgekit inspect digits.edge",),
    ),
    (
        "verify",
        "On the device: does it compute here, bit for bit, what it did at conversion? Outputs of "
        "layers in float are compared within a tolerance, which the answer says.",
        ("edgekit verify digits.edge",),
    ),
    (
        "run",
        "On arrays from a file: real numbers as in training, or uint8 pixels, to which the model's "
        "own preprocessing is applied. Or on a picture, or a folder of them (`.png`, `.jpg`, "
        "`.bmp`, `.gif`; needs Pillow), squeezed into the model's size. Where there are labels, "
        "too (an array `y`, subfolders), the accuracy is printed, for a model in any format.",
        ("edgekit run digits.edge --input seven.npy --top 3 --output scores.npy",
         "edgekit run digits.edge --input 7.png --top 3"),
    ),
    (
        "export",
        "For other runtimes. The integers stay the same; the runtime brings the arithmetic.",
        ("edgekit export digits.edge --to tflite -o digits.tflite",
         "edgekit export digits.edge --to onnx -o digits.onnx"),
    ),
    (
        "bench",
        "How long an inference takes on this machine, layer by layer, and what memory it needs. "
        "One BLAS thread unless told otherwise.",
        ("edgekit bench digits.edge",),
    ),
    (
        "bench --explain",
        "How each layer is computed instead, in how many calls of numpy, and why; a layer with "
        "channels that make no difference says how many are left.",
        ("edgekit bench --explain digits.edge",),
    ),
    (
        "migrate",
        "What a script that was written for Keras or tf.keras needs to run on edgekit; `--write` "
        "changes it (see [migrating](migrating.md)).",
        ("edgekit migrate train.py",),
    ),
)  # fmt: skip


def shown(command: str, folder: Path) -> str:
    """The command as one types it, then what it printed, and its status if that is not 0."""
    arguments = [sys.executable, "-m", *shlex.split(command)]
    done = subprocess.run(
        arguments, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines = [f"$ {command}", done.stdout.rstrip()]
    if done.returncode:
        lines.append(f"(exit status {done.returncode})")
    return "\n".join(lines)


SCRIPT = """\
import tensorflow as tf
from tensorflow.keras import layers

tf.random.set_seed(1)
model = tf.keras.Sequential([layers.Dense(10)])
"""


def copy_inputs(folder: Path) -> None:
    for name in ("digits.keras", "digits.edge", "calibration.npz", "test.npz"):
        (folder / name).write_bytes((DEMO / name).read_bytes())
    with np.load(DEMO / "test.npz") as data:
        images, labels = data["x"], data["y"]
    (folder / "labels.txt").write_text("\n".join("0123456789"))
    (folder / "train.py").write_text(SCRIPT)
    sample = ROOT / "examples" / "data" / "samples" / "7.png"
    (folder / "7.png").write_bytes(sample.read_bytes())
    np.save(folder / "seven.npy", np.rint(images[labels == 7][:1] * 255).astype(np.uint8))
    np.savez(folder / "pixels.npz", x=images[:100] * np.float32(255))


def main() -> None:
    if not (DEMO / "digits.edge").exists():
        sys.exit("build/demo/digits.edge is missing; run make demo first")
    parts = [INTRODUCTION]
    with tempfile.TemporaryDirectory() as folder:
        copy_inputs(Path(folder))
        for heading, text, commands in SECTIONS:
            paragraphs = [textwrap.fill(paragraph, 100) for paragraph in text.split("\n\n")]
            parts.append("\n\n".join([f"## {heading}", *paragraphs]) + "\n")
            parts += [f"```\n{shown(command, Path(folder))}\n```\n" for command in commands]
    PAGE.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
