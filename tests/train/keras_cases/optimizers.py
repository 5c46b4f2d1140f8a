"""Optimizers over given gradients, and schedules of learning rates."""

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

DEFAULTS = {"optimizers": {"SGD": {}, "Adam": {}, "AdamW": {}, "RMSprop": {}}}
