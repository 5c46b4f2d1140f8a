"""Data sets that are downloaded once and kept: `mnist.load_data()` and others, as in Keras."""

from edgekit.train.datasets import cifar10 as cifar10
from edgekit.train.datasets import fashion_mnist as fashion_mnist
from edgekit.train.datasets import mnist as mnist

__all__ = ["cifar10", "fashion_mnist", "mnist"]
