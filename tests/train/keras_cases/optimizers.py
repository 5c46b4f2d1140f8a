"""Optimizers over given gradients, and schedules of learning rates."""


def _loss_scale(optimizers, **arguments):
    return optimizers.LossScaleOptimizer(optimizers.SGD(0.1, momentum=0.9), **arguments)


def _scheduled(optimizers, **arguments):
    rate = optimizers.schedules.PolynomialDecay(0.01, 6)
    return optimizers.Adam(rate, **arguments)


# name, class or a function of the module `optimizers`, arguments
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
    ("adagrad", "Adagrad", {"learning_rate": 0.05, "initial_accumulator_value": 0.2}),
    ("adadelta", "Adadelta", {"learning_rate": 0.9, "rho": 0.9, "epsilon": 1e-5}),
    ("adamax", "Adamax", {"learning_rate": 0.02}),
    ("nadam", "Nadam", {"learning_rate": 0.02}),
    ("lion", "Lion", {"learning_rate": 0.01, "weight_decay": 0.1}),
    ("ftrl", "Ftrl", {"learning_rate": 0.1}),
    ("ftrl_options", "Ftrl",
     {"learning_rate": 0.1, "l1_regularization_strength": 0.3, "l2_regularization_strength": 0.2,
      "l2_shrinkage_regularization_strength": 0.1, "beta": 0.4, "learning_rate_power": -0.6}),
    ("adafactor", "Adafactor", {"learning_rate": 0.1}),
    ("adafactor_options", "Adafactor",
     {"learning_rate": 0.3, "relative_step": False, "clip_threshold": 0.6, "beta_2_decay": -0.6}),
    ("lamb", "Lamb", {"learning_rate": 0.02, "weight_decay": 0.01}),
    ("muon", "Muon", {"learning_rate": 0.02}),
    ("muon_options", "Muon",
     {"learning_rate": 0.02, "nesterov": False, "rms_rate": None, "weight_decay": None,
      "adam_lr_ratio": 0.5, "ns_steps": 3}),
    # Keras takes 1 - beta_2^t in float32, which at first is off by up to 6e-5 of itself: with
    # larger rates that alone would be more than the tolerance
    ("adam_ema", "Adam", {"learning_rate": 0.01, "use_ema": True, "ema_momentum": 0.8}),
    ("sgd_ema_overwrite", "SGD",
     {"learning_rate": 0.05, "use_ema": True, "ema_overwrite_frequency": 3, "momentum": 0.5}),
    ("adam_accumulated", "Adam", {"learning_rate": 0.01, "gradient_accumulation_steps": 3}),
    ("sgd_all_at_once", "SGD",
     {"learning_rate": 0.05, "momentum": 0.9, "gradient_accumulation_steps": 2, "use_ema": True,
      "ema_momentum": 0.7, "ema_overwrite_frequency": 4, "weight_decay": 0.1,
      "loss_scale_factor": 3.0, "global_clipnorm": 0.4}),
    ("scheduled", _scheduled, {"gradient_accumulation_steps": 2}),
    ("loss_scale", _loss_scale, {"initial_scale": 4.0, "dynamic_growth_steps": 7}),
]  # fmt: skip
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
    ("polynomial", "PolynomialDecay",
     {"initial_learning_rate": 0.1, "decay_steps": 12, "end_learning_rate": 0.01, "power": 2.0}),
    ("polynomial_cycle", "PolynomialDecay",
     {"initial_learning_rate": 0.1, "decay_steps": 7, "cycle": True}),
    ("inverse_time", "InverseTimeDecay",
     {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5}),
    ("inverse_time_staircase", "InverseTimeDecay",
     {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5, "staircase": True}),
    ("restarts", "CosineDecayRestarts",
     {"initial_learning_rate": 0.1, "first_decay_steps": 4, "alpha": 0.05, "m_mul": 0.7}),
    ("restarts_of_one_length", "CosineDecayRestarts",
     {"initial_learning_rate": 0.1, "first_decay_steps": 6, "t_mul": 1.0, "m_mul": 0.5}),
]  # fmt: skip
SCHEDULE_STEPS = 30

DEFAULTS = {
    "optimizers": {
        "Adadelta": {}, "Adafactor": {}, "Adagrad": {}, "Adam": {}, "AdamW": {}, "Adamax": {},
        "Ftrl": {}, "Lamb": {}, "Lion": {}, "Muon": {}, "Nadam": {}, "RMSprop": {}, "SGD": {},
    }
}  # fmt: skip
