"""Which names of TensorFlow become which names of edgekit: data only."""

from __future__ import annotations

__all__ = [
    "ACTIVATIONS", "BY_HAND", "DECORATORS", "DTYPES", "KEYWORDS", "MODULES", "MOVED",
    "NOT_IN_RUNTIME", "OPS", "OTHERS", "RUNTIMES", "STATEMENTS", "SURE_AXIS", "WORDS",
]  # fmt: skip

_STRATEGIES = (
    "MirroredStrategy", "MultiWorkerMirroredStrategy", "OneDeviceStrategy", "ReduceOp",
    "ReplicaContext", "Strategy", "get_replica_context", "get_strategy", "has_strategy",
)  # fmt: skip

# name below tensorflow -> name below edgekit.keras, with the same arguments
MOVED: dict[str, str] = {
    "GradientTape": "GradientTape",
    "Variable": "Variable",
    **{f"distribute.{name}": f"distribute.{name}" for name in _STRATEGIES},
    "distribute.experimental.MultiWorkerMirroredStrategy": "distribute.MultiWorkerMirroredStrategy",
    "nn.compute_average_loss": "distribute.compute_average_loss",
    "nn.scale_regularization_loss": "distribute.scale_regularization_loss",
    "random.normal": "random.normal",
    "random.set_seed": "utils.set_random_seed",
    "random.shuffle": "random.shuffle",
    "random.truncated_normal": "random.truncated_normal",
    "random.uniform": "random.uniform",
    "set_random_seed": "utils.set_random_seed",
}

# modules of TensorFlow Lite's runtimes, whose names edgekit.interpreter has, but for two
RUNTIMES = (
    "ai_edge_litert.interpreter",
    "tensorflow.lite.python.interpreter",
    "tflite_runtime.interpreter",
)
NOT_IN_RUNTIME = ("Delegate", "InterpreterWithCustomOps")

# modules below tensorflow whose names, as far as MOVED has them, stand in one of the same name
# below edgekit.keras
MODULES = ("distribute",)

_SAME = (
    "abs", "add", "argmax", "argmin", "argsort", "broadcast_to", "cast", "cos", "divide", "einsum",
    "equal", "exp", "expand_dims", "eye", "greater", "greater_equal", "less", "less_equal",
    "linspace", "logical_and", "logical_not", "logical_or", "matmul", "maximum", "meshgrid",
    "minimum", "multiply", "norm", "not_equal", "one_hot", "ones", "ones_like", "pad", "repeat",
    "reshape", "round", "shape", "sigmoid", "sign", "sin", "size", "sort", "split", "sqrt",
    "square", "squeeze", "stack", "stop_gradient", "subtract", "tan", "tanh", "tensordot", "tile",
    "transpose", "where", "zeros", "zeros_like",
)  # fmt: skip
_SAME_MATH = (
    "abs", "add", "argmax", "argmin", "ceil", "cos", "cumsum", "divide", "equal", "exp", "expm1",
    "floor", "greater", "greater_equal", "less", "less_equal", "log", "log1p", "maximum", "minimum",
    "multiply", "negative", "reciprocal", "rsqrt", "sigmoid", "sign", "sin", "softplus", "sqrt",
    "square", "squared_difference", "subtract", "tanh", "top_k",
)  # fmt: skip
_REDUCED = ("all", "any", "logsumexp", "max", "mean", "min", "prod", "sum")
ACTIVATIONS = (
    "elu", "gelu", "leaky_relu", "log_softmax", "relu", "relu6", "selu", "sigmoid", "silu",
    "softmax", "softplus", "softsign", "tanh",
)  # fmt: skip

# name below tensorflow -> name below edgekit.keras.ops
OPS: dict[str, str] = {
    **{name: name for name in _SAME},
    **{f"math.{name}": name for name in _SAME_MATH},
    **{f"reduce_{name}": name for name in _REDUCED},
    **{f"math.reduce_{name}": name for name in (*_REDUCED, "std")},
    **{f"nn.{name}": name for name in ACTIVATIONS},
    "clip_by_value": "clip",
    "concat": "concatenate",
    "constant": "convert_to_tensor",
    "convert_to_tensor": "convert_to_tensor",
    "fill": "full",
    "gather": "take",
    "identity": "convert_to_tensor",
    "linalg.matmul": "matmul",
    "linalg.norm": "norm",
    "math.is_finite": "isfinite",
    "math.is_inf": "isinf",
    "math.is_nan": "isnan",
    "math.pow": "power",
    "math.reduce_variance": "var",
    "pow": "power",
    "range": "arange",
    "reverse": "flip",
}

# keywords that keep their meaning in a call of one of these
KEYWORDS = frozenset({"axes", "axis", "dtype", "keepdims", "name", "shape", "trainable"})
# tensorflow's keyword -> that of keras.ops
WORDS: dict[str, str] = {
    "clip_value_max": "x_max",
    "clip_value_min": "x_min",
    "depth": "num_classes",
    "keep_dims": "keepdims",
    "perm": "axes",
    "reduction_indices": "axis",
}
# these have axis=0 by default in tensorflow and axis=None here: name -> the place of axis
SURE_AXIS: dict[str, int] = {
    "argmax": 1, "argmin": 1, "gather": 2, "math.argmax": 1, "math.argmin": 1, "math.cumsum": 1,
}  # fmt: skip
# more positional arguments than these differ in meaning
MOST_PLACES: dict[str, int] = {"constant": 2, "identity": 1, "one_hot": 2, "pad": 2}
FEWEST_PLACES: dict[str, int] = {"where": 3}

DTYPES = frozenset(
    {"bool", "float16", "float32", "float64", "int16", "int32", "int64", "int8", "string", "uint8"}
)
CONSTANTS: dict[str, str] = {"newaxis": "None", "__version__": "keras.__version__"}

# what does nothing here: decorators, and statements
DECORATORS = ("autograph.experimental.do_not_convert", "function")
STATEMENTS = (
    "compat.v1.enable_eager_execution", "compat.v1.enable_v2_behavior",
    "config.run_functions_eagerly", "enable_eager_execution", "enable_v2_behavior",
)  # fmt: skip

_EAGER = "everything runs at once: call the model or the function on data"
_DATA = "use keras.utils.image_dataset_from_directory, a keras.utils.PyDataset, or numpy arrays"

# name below tensorflow, or the first parts of one (the longest decides) -> why, and what to do
BY_HAND: dict[str, str] = {
    "ConfigProto": f"no sessions here; {_EAGER}",
    "InteractiveSession": f"no sessions here; {_EAGER}",
    "Session": f"no sessions here; {_EAGER}",
    "app": "no runner here; use argparse and call main()",
    "assign": "no graph here; use variable.assign(value)",
    "compat": "TensorFlow 1 is not emulated; use the names of today",
    "compat.v1.Session": f"no sessions here; {_EAGER}",
    "compat.v1.global_variables_initializer": "variables have their values at once; drop it",
    "compat.v1.placeholder": "no graph here; use keras.Input(shape), or a function's argument",
    "config": "no devices of TensorFlow here; use edgekit.train.backend.set_device('gpu')",
    "contrib": "was removed from TensorFlow too; use keras.layers",
    "data": f"no tf.data here; {_DATA}",
    "device": "no devices of TensorFlow here; use edgekit.train.backend.device('gpu:0')",
    "distribute": "not among the strategies here; use keras.distribute.MirroredStrategy, or "
    "MultiWorkerMirroredStrategy under mpiexec; they exchange gradients over NCCL or MPI",
    "estimator": "was removed from TensorFlow too; use keras.Model and fit",
    "feature_column": "was removed from TensorFlow too; use keras.layers.StringLookup, "
    "CategoryEncoding or Discretization",
    "flags": "no flags here; use argparse",
    "function": "nothing is compiled here; call the function itself",
    "get_default_graph": f"no graph here; {_EAGER}",
    "get_default_session": f"no sessions here; {_EAGER}",
    "get_variable": "no graph here; use keras.Variable(value)",
    "global_variables_initializer": "variables have their values at once; drop it",
    "gradients": "no graph here; use keras.GradientTape",
    "image": "no tf.image here; use keras.layers.Resizing, RandomFlip, RandomContrast ...",
    "initialize_all_variables": "variables have their values at once; drop it",
    "io": "no tf.io here; use open(), pathlib and numpy",
    "layers": "TensorFlow 1; use keras.layers",
    "lite.Interpreter": "use edgekit.interpreter.Interpreter, which has its arguments and methods",
    "lite.experimental": "no delegates here; edgekit.interpreter has load_delegate, which raises "
    "what scripts catch, and OpResolverType",
    "lite": "no converter of TensorFlow here; use edgekit.convert(model, calibration).save(path)",
    "losses": "TensorFlow 1; use keras.losses",
    "metrics": "TensorFlow 1; use keras.metrics",
    "placeholder": "no graph here; use keras.Input(shape), or a function's argument",
    "reset_default_graph": "no graph here; use keras.backend.clear_session()",
    "saved_model": "no SavedModel here; use model.save('name.keras')",
    "strings": "no tf.strings here; use Python's strings, or keras.layers.TextVectorization",
    "summary": "no tf.summary here; use keras.callbacks.TensorBoard or CSVLogger",
    "train": "TensorFlow 1, or checkpoints; use keras.optimizers and model.save_weights",
    "variable_scope": "no graph here; drop it",
}
UNKNOWN = (
    "edgekit has no function of this name; use keras.ops, or numpy where no gradient is needed"
)

# other libraries that stand on TensorFlow
OTHERS: dict[str, str] = {
    "tensorflow_addons": "is not here; use keras.layers, keras.optimizers and keras.metrics",
    "tensorflow_datasets": f"is not here; {_DATA}",
    "tensorflow_hub": "is not here; use keras.applications with weights of your own",
    "tensorflow_model_optimization": "is not here; use edgekit.train.quantization",
    "tensorflow_text": "is not here; use keras.layers.TextVectorization",
}
