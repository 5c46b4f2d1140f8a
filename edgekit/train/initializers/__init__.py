"""Initial weights, under Keras' names.

An initializer is called with a shape and gives a float32 numpy array.
"""

from typing import Any

from edgekit.train.initializers.constants import STFT as STFT
from edgekit.train.initializers.constants import Constant as Constant
from edgekit.train.initializers.constants import Identity as Identity
from edgekit.train.initializers.constants import Ones as Ones
from edgekit.train.initializers.constants import Zeros as Zeros
from edgekit.train.initializers.distributions import GlorotNormal as GlorotNormal
from edgekit.train.initializers.distributions import GlorotUniform as GlorotUniform
from edgekit.train.initializers.distributions import HeNormal as HeNormal
from edgekit.train.initializers.distributions import HeUniform as HeUniform
from edgekit.train.initializers.distributions import LecunNormal as LecunNormal
from edgekit.train.initializers.distributions import LecunUniform as LecunUniform
from edgekit.train.initializers.distributions import Orthogonal as Orthogonal
from edgekit.train.initializers.distributions import RandomNormal as RandomNormal
from edgekit.train.initializers.distributions import RandomUniform as RandomUniform
from edgekit.train.initializers.distributions import TruncatedNormal as TruncatedNormal
from edgekit.train.initializers.distributions import VarianceScaling as VarianceScaling
from edgekit.train.initializers.initializer import Initializer as Initializer
from edgekit.train.initializers.initializer import compute_fans as compute_fans
from edgekit.train.names import snake_case
from edgekit.train.serialization import plain, resolve

CLASSES: dict[str, type[Initializer]] = {
    cls.__name__: cls
    for cls in (
        Constant, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Identity, LecunNormal,
        LecunUniform, Ones, Orthogonal, RandomNormal, RandomUniform, STFT, TruncatedNormal,
        VarianceScaling, Zeros,
    )
}  # fmt: skip
_NAMES = {snake_case(name): cls for name, cls in CLASSES.items()}
_NAMES |= {"normal": RandomNormal, "one": Ones, "uniform": RandomUniform, "zero": Zeros}
_NAMES |= {f"{name}Initializer": CLASSES[name] for name in ("Identity", "Orthogonal", "STFT")}

# the classes under the names of functions, as they are called in Keras too
constant = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
identity = Identity
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
ones = Ones
orthogonal = Orthogonal
random_normal = RandomNormal
random_uniform = RandomUniform
stft = STFT
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
zeros = Zeros
IdentityInitializer, OrthogonalInitializer, STFTInitializer = Identity, Orthogonal, STFT

__all__ = [
    "STFT", "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity",
    "IdentityInitializer", "Initializer", "LecunNormal", "LecunUniform", "Ones", "Orthogonal",
    "OrthogonalInitializer", "RandomNormal", "RandomUniform", "STFTInitializer", "TruncatedNormal",
    "VarianceScaling", "Zeros", "constant", "deserialize", "get", "glorot_normal",
    "glorot_uniform", "he_normal", "he_uniform", "identity", "lecun_normal", "lecun_uniform",
    "ones", "orthogonal", "random_normal", "random_uniform", "serialize", "stft",
    "truncated_normal", "variance_scaling", "zeros",
]  # fmt: skip


def get(identifier: Any) -> Any:
    """An initializer from a name ("he_normal"), a class name, a config or itself."""
    return resolve(identifier, {**CLASSES, **_NAMES}, "initializer")


def serialize(initializer: Any) -> Any:
    """An initializer's config with the name of its class."""
    return plain(initializer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """An initializer from the result of `serialize`; custom_objects: class name -> class."""
    return resolve(config, {**CLASSES, **_NAMES, **(custom_objects or {})}, "initializer")
