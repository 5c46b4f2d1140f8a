"""Data sets that are downloaded once and kept: `mnist.load_data()` and others, as in Keras."""

from edgekit.train.datasets import boston_housing as boston_housing
from edgekit.train.datasets import california_housing as california_housing
from edgekit.train.datasets import cifar10 as cifar10
from edgekit.train.datasets import cifar100 as cifar100
from edgekit.train.datasets import fashion_mnist as fashion_mnist
from edgekit.train.datasets import imdb as imdb
from edgekit.train.datasets import mnist as mnist
from edgekit.train.datasets import reuters as reuters

__all__ = [
    "boston_housing",
    "california_housing",
    "cifar10",
    "cifar100",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
]
