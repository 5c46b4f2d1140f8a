"""What is compared with Keras: the same tables are read by the script that makes the goldens."""

IMAGE = (2, 7, 6, 4)

# name, class, arguments, shapes of the inputs
LAYERS = [
    ("dense", "Dense", {"units": 5}, [(4, 7)]),
    ("dense_no_bias", "Dense", {"units": 3, "activation": "relu", "use_bias": False}, [(4, 7)]),
    ("dense_on_three_axes", "Dense", {"units": 3, "activation": "tanh"}, [(2, 5, 7)]),
    ("conv", "Conv2D", {"filters": 5, "kernel_size": 3}, [IMAGE]),
    ("conv_same_strides", "Conv2D",
     {"filters": 5, "kernel_size": [3, 2], "strides": 2, "padding": "same", "activation": "relu"},
     [IMAGE]),
    ("conv_dilation", "Conv2D",
     {"filters": 3, "kernel_size": 3, "dilation_rate": 2, "padding": "same"}, [IMAGE]),
    ("conv_groups", "Conv2D", {"filters": 6, "kernel_size": 3, "groups": 2, "use_bias": False},
     [IMAGE]),
    ("conv_one_channel", "Conv2D", {"filters": 4, "kernel_size": 5, "padding": "same"},
     [(2, 9, 8, 1)]),
    ("conv_pointwise", "Conv2D", {"filters": 4, "kernel_size": 1, "strides": 2}, [IMAGE]),
    ("depthwise", "DepthwiseConv2D", {"kernel_size": 3}, [IMAGE]),
    ("depthwise_multiplier", "DepthwiseConv2D",
     {"kernel_size": 3, "depth_multiplier": 2, "padding": "same", "strides": 2}, [IMAGE]),
    ("separable", "SeparableConv2D",
     {"filters": 5, "kernel_size": 3, "padding": "same", "activation": "relu"}, [IMAGE]),
    ("batch_norm", "BatchNormalization", {}, [IMAGE]),
    ("batch_norm_dense", "BatchNormalization",
     {"momentum": 0.9, "epsilon": 1e-5, "center": False}, [(6, 5)]),
    ("batch_norm_axis", "BatchNormalization", {"axis": 1, "scale": False}, [IMAGE]),
    ("layer_norm", "LayerNormalization", {}, [IMAGE]),
    ("layer_norm_axes", "LayerNormalization", {"axis": [1, 2, 3], "epsilon": 1e-6}, [IMAGE]),
    ("max_pool", "MaxPooling2D", {}, [IMAGE]),
    ("max_pool_same", "MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, [IMAGE]),
    ("average_pool", "AveragePooling2D", {"pool_size": [2, 3], "strides": 1}, [IMAGE]),
    ("average_pool_same", "AveragePooling2D",
     {"pool_size": 3, "strides": 2, "padding": "same"}, [IMAGE]),
    ("global_average_pool", "GlobalAveragePooling2D", {}, [IMAGE]),
    ("global_max_pool_keepdims", "GlobalMaxPooling2D", {"keepdims": True}, [IMAGE]),
    ("flatten", "Flatten", {}, [IMAGE]),
    ("reshape", "Reshape", {"target_shape": [-1, 8]}, [IMAGE]),
    ("permute", "Permute", {"dims": [3, 1, 2]}, [IMAGE]),
    ("zero_padding", "ZeroPadding2D", {"padding": [[1, 0], [2, 3]]}, [IMAGE]),
    ("zero_padding_number", "ZeroPadding2D", {"padding": 2}, [IMAGE]),
    ("up_sampling", "UpSampling2D", {"size": [2, 3]}, [IMAGE]),
    ("dropout", "Dropout", {"rate": 0.5}, [IMAGE]),
    ("rescaling", "Rescaling", {"scale": 0.5, "offset": -1.0}, [IMAGE]),
    ("add", "Add", {}, [IMAGE, IMAGE, IMAGE]),
    ("add_broadcast", "Add", {}, [IMAGE, (2, 1, 1, 4)]),
    ("subtract", "Subtract", {}, [IMAGE, IMAGE]),
    ("multiply", "Multiply", {}, [IMAGE, (2, 1, 1, 4)]),
    ("average", "Average", {}, [IMAGE, IMAGE]),
    ("maximum", "Maximum", {}, [IMAGE, IMAGE]),
    ("minimum", "Minimum", {}, [IMAGE, IMAGE]),
    ("concatenate", "Concatenate", {}, [IMAGE, (2, 7, 6, 3)]),
    ("concatenate_rows", "Concatenate", {"axis": 1}, [IMAGE, IMAGE]),
    ("relu", "ReLU", {}, [IMAGE]),
    ("relu_options", "ReLU", {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2}, [IMAGE]),
    ("relu_six", "ReLU", {"max_value": 6.0}, [IMAGE]),
    ("leaky_relu", "LeakyReLU", {}, [IMAGE]),
    ("elu", "ELU", {"alpha": 0.7}, [IMAGE]),
    ("softmax", "Softmax", {}, [IMAGE]),
    ("softmax_axis", "Softmax", {"axis": 1}, [IMAGE]),
] + [
    (f"activation_{name}", "Activation", {"activation": name}, [(5, 9)])
    for name in (
        "elu", "exponential", "gelu", "hard_sigmoid", "hard_silu", "leaky_relu", "linear",
        "log_softmax", "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus",
        "softsign", "tanh",
    )
]  # fmt: skip

# name, class, arguments
OPTIMIZERS = [
    ("sgd", "SGD", {}),
    ("sgd_momentum", "SGD", {"learning_rate": 0.05, "momentum": 0.9}),
    ("sgd_nesterov", "SGD", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}),
    ("adam", "Adam", {}),
    ("adam_amsgrad", "Adam", {"learning_rate": 0.01, "amsgrad": True}),
    ("adam_clipnorm", "Adam", {"clipnorm": 0.5}),
    ("adam_weight_decay", "Adam", {"weight_decay": 0.02}),
    ("adamw", "AdamW", {"learning_rate": 0.01}),
    ("rmsprop", "RMSprop", {}),
    ("rmsprop_centered", "RMSprop", {"momentum": 0.8, "centered": True, "learning_rate": 0.01}),
    ("sgd_clipvalue", "SGD", {"clipvalue": 0.3, "learning_rate": 0.1}),
    ("sgd_global_clipnorm", "SGD", {"global_clipnorm": 0.7, "learning_rate": 0.1}),
]
OPTIMIZER_STEPS = 20
OPTIMIZER_SHAPES = [(3, 4), (4,), (2, 2, 3), (1,)]

SCHEDULES = [
    ("exponential", "ExponentialDecay",
     {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.8}),
    ("staircase", "ExponentialDecay",
     {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.8, "staircase": True}),
    ("cosine", "CosineDecay",
     {"initial_learning_rate": 0.1, "decay_steps": 20, "alpha": 0.1}),
    ("cosine_warmup", "CosineDecay",
     {"initial_learning_rate": 0.0, "decay_steps": 20, "warmup_target": 0.2, "warmup_steps": 5}),
    ("piecewise", "PiecewiseConstantDecay",
     {"boundaries": [5, 11], "values": [0.3, 0.2, 0.1]}),
]  # fmt: skip
SCHEDULE_STEPS = 30

# name, class, arguments, what kind of data
LOSSES = [
    ("mse", "MeanSquaredError", {}, "real"),
    ("mse_sum", "MeanSquaredError", {"reduction": "sum"}, "real"),
    ("mae", "MeanAbsoluteError", {}, "real"),
    ("mae_none", "MeanAbsoluteError", {"reduction": None}, "real"),
    ("huber", "Huber", {"delta": 0.6}, "real"),
    ("huber_weighted_mean", "Huber", {"reduction": "mean_with_sample_weight"}, "real"),
    ("binary", "BinaryCrossentropy", {}, "binary"),
    ("binary_smoothed", "BinaryCrossentropy", {"label_smoothing": 0.1}, "binary"),
    ("binary_logits", "BinaryCrossentropy", {"from_logits": True}, "binary_logits"),
    ("categorical", "CategoricalCrossentropy", {}, "one_hot"),
    ("categorical_smoothed", "CategoricalCrossentropy", {"label_smoothing": 0.2}, "one_hot"),
    ("categorical_logits", "CategoricalCrossentropy", {"from_logits": True}, "one_hot_logits"),
    ("sparse", "SparseCategoricalCrossentropy", {}, "sparse"),
    ("sparse_logits", "SparseCategoricalCrossentropy", {"from_logits": True}, "sparse_logits"),
    ("sparse_ignore", "SparseCategoricalCrossentropy", {"ignore_class": 2}, "sparse"),
]

METRICS = [
    ("binary_accuracy", "BinaryAccuracy", {"threshold": 0.4}, "binary"),
    ("categorical_accuracy", "CategoricalAccuracy", {}, "one_hot"),
    ("sparse_accuracy", "SparseCategoricalAccuracy", {}, "sparse"),
    ("top_k", "TopKCategoricalAccuracy", {"k": 2}, "one_hot"),
    ("sparse_top_k", "SparseTopKCategoricalAccuracy", {"k": 3}, "sparse"),
    ("mse", "MeanSquaredError", {}, "real"),
    ("rmse", "RootMeanSquaredError", {}, "real"),
    ("mae", "MeanAbsoluteError", {}, "real"),
    ("binary_crossentropy", "BinaryCrossentropy", {}, "binary"),
    ("categorical_crossentropy", "CategoricalCrossentropy", {}, "one_hot"),
    ("sparse_crossentropy", "SparseCategoricalCrossentropy", {}, "sparse"),
]

# class -> the arguments it cannot do without; the defaults of the others are compared
DEFAULTS = {
    "layers": {
        "Activation": {"activation": "relu"}, "Add": {}, "Average": {},
        "AveragePooling2D": {"pool_size": 2},
        "BatchNormalization": {}, "Concatenate": {}, "Conv2D": {"filters": 2, "kernel_size": 3},
        "Dense": {"units": 2}, "DepthwiseConv2D": {"kernel_size": 3}, "Dropout": {"rate": 0.5},
        "ELU": {}, "Flatten": {}, "GlobalAveragePooling2D": {}, "GlobalMaxPooling2D": {},
        "LayerNormalization": {}, "LeakyReLU": {}, "MaxPooling2D": {}, "Maximum": {}, "Minimum": {},
        "Multiply": {}, "Permute": {"dims": [2, 1]}, "ReLU": {}, "Rescaling": {"scale": 2.0},
        "Reshape": {"target_shape": [2, 3]},
        "SeparableConv2D": {"filters": 2, "kernel_size": 3}, "Softmax": {}, "Subtract": {},
        "UpSampling2D": {}, "ZeroPadding2D": {},
    },
    "optimizers": {"SGD": {}, "Adam": {}, "AdamW": {}, "RMSprop": {}},
    "losses": {
        "BinaryCrossentropy": {}, "CategoricalCrossentropy": {}, "Huber": {},
        "MeanAbsoluteError": {}, "MeanSquaredError": {}, "SparseCategoricalCrossentropy": {},
    },
    "metrics": {
        "BinaryAccuracy": {}, "CategoricalAccuracy": {}, "SparseCategoricalAccuracy": {},
        "TopKCategoricalAccuracy": {}, "SparseTopKCategoricalAccuracy": {},
        "MeanSquaredError": {}, "RootMeanSquaredError": {}, "MeanAbsoluteError": {},
    },
    "initializers": {
        "Zeros": {}, "Ones": {}, "Constant": {}, "RandomNormal": {}, "RandomUniform": {},
        "TruncatedNormal": {}, "VarianceScaling": {}, "GlorotUniform": {}, "GlorotNormal": {},
        "HeNormal": {}, "HeUniform": {}, "LecunNormal": {}, "LecunUniform": {},
    },
    "regularizers": {"L1": {}, "L2": {}, "L1L2": {}},
}  # fmt: skip


def fit_model(name, keras):
    """A model to train, made by Keras or by edgekit.train: they have the same names."""
    layers = keras.layers
    if name == "two_outputs":
        x = keras.Input((6, 6, 2))
        y = layers.Flatten()(layers.Conv2D(3, 3, activation="tanh")(x))
        kind = layers.Dense(3, activation="softmax", name="kind")(y)
        return keras.Model(x, {"kind": kind, "size": layers.Dense(1, name="size")(y)})
    return keras.Sequential(
        [
            layers.Input((6, 6, 2)),
            layers.Conv2D(4, 3, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.8),
            layers.Activation("tanh"),
            layers.DepthwiseConv2D(3, strides=2),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", kernel_regularizer="l2"),
        ]
    )


def _fit_sparse(model, keras, data):
    model.compile(
        keras.optimizers.SGD(0.1, momentum=0.9),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model.fit(
        data["x"], data["kind"], batch_size=8, epochs=3, shuffle=False, verbose=0,
        validation_split=0.25, class_weight={0: 1.0, 1: 2.5, 2: 0.5},
    )  # fmt: skip


def _fit_one_hot(model, keras, data):
    rate = keras.optimizers.schedules.ExponentialDecay(0.02, 4, 0.7)
    model.compile(
        keras.optimizers.Adam(rate, weight_decay=0.01, clipnorm=1.0),
        keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        metrics=["accuracy", "mse"],
        weighted_metrics=["mae"],
    )
    one_hot = (data["kind"][:, None] == [0, 1, 2]).astype("float32")
    return model.fit(
        data["x"], one_hot, batch_size=7, epochs=2, shuffle=False, verbose=0,
        sample_weight=data["weight"],
        validation_data=(data["x"][:9], one_hot[:9], data["weight"][:9]),
    )  # fmt: skip


def _fit_two_outputs(model, keras, data):
    # batches of one size: over TensorFlow, Keras averages the losses of single outputs without
    # regard to the size of a batch; over PyTorch, and here, it weighs them
    model.compile(
        "rmsprop",
        {"kind": "sparse_categorical_crossentropy", "size": "mse"},
        loss_weights={"kind": 0.7, "size": 0.2},
        metrics={"kind": ["accuracy"], "size": ["mae"]},
    )
    return model.fit(
        data["x"], {"kind": data["kind"], "size": data["size"]}, batch_size=10, epochs=2,
        shuffle=False, verbose=0,
    )  # fmt: skip


# name -> a run of fit on a model of Keras or of edgekit.train
FITS = {"sparse": _fit_sparse, "one_hot": _fit_one_hot, "two_outputs": _fit_two_outputs}


def subclassed(keras):
    """A model with layers in attributes before and after "layers" in the alphabet, in a list, in a
    dict and in layers of its own: where Keras keeps the weights of each is not obvious."""
    layers = keras.layers

    class Block(layers.Layer):
        def __init__(self, units):
            super().__init__()
            self.zeta = layers.Dense(units)
            self.alpha = layers.Dense(units, activation="tanh")

        def build(self, input_shape):
            self.alpha.build(input_shape)
            self.zeta.build(input_shape)
            self.gain = self.add_weight(shape=(1,), initializer="ones", name="gain")
            self.built = True

        def call(self, inputs):
            return self.zeta(self.alpha(inputs)) * self.gain

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.stem = layers.Dense(4)
            self.blocks = [Block(4), Block(4)]
            self.named = {"b": layers.Dense(3), "a": layers.BatchNormalization()}
            self._head = layers.Dense(2)

        def call(self, inputs):
            x = self.stem(inputs)
            for block in self.blocks:
                x = block(x)
            return self._head(self.named["a"](self.named["b"](x)))

    return Net()
