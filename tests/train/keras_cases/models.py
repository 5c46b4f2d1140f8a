"""Models made by Keras or by edgekit.train."""


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


# .keras files in tests/golden/keras, made and trained for a step by Keras
MODELS = ["sequential", "functional", "nested", "mobile"]
