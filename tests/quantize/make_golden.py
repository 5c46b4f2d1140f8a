"""Make `golden/`: what TensorFlow Lite's converter chooses, for tests that run without TensorFlow.

    python tests/quantize/make_golden.py        # in an environment with tensorflow 2.21

parameters.json: scale and zero point of an activation for many ranges.
network.npz: a small network with all its constants, calibration data, and the converted file's
parameters of every activation, int8 weights and int32 biases.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np
import tensorflow as tf

GOLDEN = Path(__file__).resolve().parent / "golden"


def converted(function, batches):
    """A LiteRT interpreter of the fully quantized function."""
    concrete = function.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([batch] for batch in batches)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    interpreter = tf.lite.Interpreter(
        model_content=converter.convert(),
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF,
    )
    interpreter.allocate_tensors()
    return interpreter


def activation(low: float, high: float) -> tuple[float, int]:
    @tf.function(input_signature=[tf.TensorSpec([1, 2], tf.float32)])
    def relu(x):
        return tf.nn.relu(x)

    interpreter = converted(relu, [np.array([[low, high]], np.float32)])
    scale, zero_point = interpreter.get_input_details()[0]["quantization"]
    return float(scale), int(zero_point)


def ranges(rng: np.random.Generator) -> list[tuple[float, float]]:
    """Usual, one-sided, nearly zero, huge, and such that the zero point lies half-way."""
    chosen = [(-1, 1), (0, 1), (0.1, 3), (-5, -2), (-6, 6), (0, 6), (-128, 127), (0, 255)]
    chosen += [(-1.5, 0), (0, 0), (1e-9, 2e-9), (0, 9e-7), (0, 1.1e-6), (-3e-7, 3e-7)]
    chosen += [(-3e-7, 8e-7), (0, 1e-5), (-1e30, 1e30), (0, 1e20)]
    for width, share in zip(np.exp(rng.uniform(-8, 8, 120)), rng.uniform(0, 1, 120), strict=True):
        chosen.append((-width * share, width * (1 - share)))
    chosen += [(-(k + 0.5) / 255, 1 - (k + 0.5) / 255) for k in range(0, 255, 6)]
    return [(float(np.float32(low)), float(np.float32(high))) for low, high in chosen]


def constants(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights in TFLite's order; channels that are zero, tiny, negative, or small under a bias."""
    conv = rng.normal(size=(12, 3, 3, 3)) * np.exp(rng.uniform(-2, 2, (12, 1, 1, 1)))
    bias = rng.normal(size=12)
    conv[0], conv[1], conv[2], bias[2] = 0, 1e-9, 0, 0
    conv[3], conv[4] = -np.abs(conv[3]), np.abs(conv[4])
    conv[5], bias[5] = 1e-3, 1e6
    steps = np.arange(27).reshape(3, 3, 3) - 13 + 0.5  # half steps: how weights are rounded
    conv[6], conv[6, 0, 0, 0] = steps / 127, 1.0
    depthwise = rng.normal(size=(1, 3, 3, 12)) * np.exp(rng.uniform(-2, 2, 12))
    depthwise[..., 5] = 0  # what the huge bias gives must not drown the rest
    arrays = {
        "conv": conv,
        "conv_bias": bias,
        "depthwise": depthwise,
        "depthwise_bias": rng.normal(size=12),
        "branch": rng.normal(size=(6, 1, 1, 12)) * 3,
        "branch_bias": rng.normal(size=6),
        "dense": rng.normal(size=(5, 18)),
        "dense_bias": rng.normal(size=5),
    }
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def network(c: dict[str, np.ndarray]):
    @tf.function(input_signature=[tf.TensorSpec([1, 8, 8, 3], tf.float32)])
    def run(x):
        kernel = c["conv"].transpose(1, 2, 3, 0)
        x = tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "VALID") + c["conv_bias"])
        kernel = c["depthwise"].transpose(1, 2, 3, 0)
        x = tf.nn.depthwise_conv2d(x, kernel, (1, 1, 1, 1), "VALID") + c["depthwise_bias"]
        x = tf.nn.relu6(x)
        x = tf.nn.max_pool2d(x, 2, 2, "VALID")
        y = tf.nn.conv2d(x, c["branch"].transpose(1, 2, 3, 0), 1, "VALID") + c["branch_bias"]
        x = tf.reduce_mean(tf.concat([x, y], -1), (1, 2))
        return tf.nn.softmax(tf.matmul(x, c["dense"].T) + c["dense_bias"])

    return run


def record_network(path: Path) -> None:
    rng = np.random.default_rng(3)
    arrays = constants(rng)
    data = rng.normal(size=(20, 8, 8, 3)).astype(np.float32)
    interpreter = converted(network(arrays), [sample[np.newaxis] for sample in data])
    names = {tuple(a.shape): n for n, a in arrays.items()}
    found: dict[str, np.ndarray] = {f"float/{name}": array for name, array in arrays.items()}
    found["calibration"] = data
    operators = interpreter._get_ops_details()
    tensors = {tensor["index"]: tensor for tensor in interpreter.get_tensor_details()}
    for position, operator in enumerate(operators):
        for index in operator["inputs"][1:3]:
            tensor = tensors[index]
            if operator["op_name"] in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
                shape = tuple(tensor["shape"])
                name = names.get(shape) or f"{position}"
                if len(shape) == 1:
                    weight = names[tuple(tensors[operator["inputs"][1]]["shape"])]
                    name = f"{weight}_bias"
                found[f"int8/{name}"] = interpreter.get_tensor(index)
                found[f"scale/{name}"] = tensor["quantization_parameters"]["scales"]
        scale, zero_point = tensors[operator["outputs"][0]]["quantization"]
        found[f"output/{position}_{operator['op_name']}"] = np.array([scale, zero_point])
    found["output/input"] = np.array(interpreter.get_input_details()[0]["quantization"])
    np.savez_compressed(path, **found)
    print(path.name, *(name for name in found if name.startswith("output")))


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    rows = [[*bounds, *activation(*bounds)] for bounds in ranges(np.random.default_rng(7))]
    text = ",\n".join(json.dumps(row) for row in rows)
    (GOLDEN / "parameters.json").write_text(f"[\n{text}\n]\n", encoding="utf-8")
    record_network(GOLDEN / "network.npz")


if __name__ == "__main__":
    main()
