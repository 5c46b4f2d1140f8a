"""Gradients of gradients: a critic that is held smooth, and a generator that follows it (WGAN-GP).

What is learned: a tape within a tape, the norm of a gradient as a part of the loss, and several
steps of one network for each step of the other.
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers, ops

STEPS = 50 * int(os.environ.get("EPOCHS", "8"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

NOISE, BATCH, PENALTY = 4, 64, 1.0


def real_curves(count, rng):
    """One day of a thermostat as 16 numbers: warm mornings, warm evenings, or both."""
    t = np.linspace(0, 1, 16)
    kind = rng.integers(0, 3, (count, 1))
    morning = np.exp(-(((t - 0.3) / 0.08) ** 2)) * (kind != 1)
    evening = np.exp(-(((t - 0.75) / 0.1) ** 2)) * (kind != 0)
    strength = rng.uniform(0.8, 1.2, (count, 1))
    return (strength * (morning + evening) - 0.3).astype("float32")


def network(name, sizes):
    inputs = keras.Input((sizes[0],))
    x = inputs
    for size in sizes[1:-1]:
        x = layers.Dense(size, activation="elu" if name == "critic" else "relu")(x)
    return keras.Model(inputs, layers.Dense(sizes[-1])(x), name=name)


generator = network("generator", (NOISE, 64, 64, 16))
critic = network("critic", (16, 64, 64, 1))
generator_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5, beta_2=0.9)
critic_optimizer = keras.optimizers.Adam(2e-3, beta_1=0.5, beta_2=0.9)


def critic_step(real):
    fake = generator(keras.random.normal((BATCH, NOISE)), training=True)
    share = keras.random.uniform((BATCH, 1))
    between = share * real + (1.0 - share) * fake
    with keras.GradientTape() as tape:
        with keras.GradientTape() as inner:
            inner.watch(between)
            scores = critic(between, training=True)
        slope = inner.gradient(scores, between)
        norm = ops.sqrt(ops.sum(ops.square(slope), axis=-1) + 1e-12)
        penalty = ops.mean(ops.square(norm - 1.0))
        distance = ops.mean(critic(real, training=True)) - ops.mean(critic(fake, training=True))
        loss = PENALTY * penalty - distance
    gradients = tape.gradient(loss, critic.trainable_variables)
    critic_optimizer.apply_gradients(zip(gradients, critic.trainable_variables, strict=True))
    return float(distance), float(ops.mean(norm))


def generator_step():
    with keras.GradientTape() as tape:
        loss = -ops.mean(critic(generator(keras.random.normal((BATCH, NOISE)), training=True)))
    gradients = tape.gradient(loss, generator.trainable_variables)
    generator_optimizer.apply_gradients(zip(gradients, generator.trainable_variables, strict=True))


def judge(curves):
    """How far each curve is from the nearest real one, and each real one from the nearest curve."""
    real = real_curves(300, np.random.default_rng(0))
    distances = np.sqrt(((curves[:, None] - real[None]) ** 2).mean(axis=-1))
    return distances.min(axis=1).mean(), distances.min(axis=0).mean()


rng = np.random.default_rng(14)
noise_test = rng.normal(size=(300, NOISE)).astype("float32")
near, covered = judge(generator.predict(noise_test, verbose=0))
print(f"before: {near:.3f} from the real curves, and they {covered:.3f} from the drawn ones")
for step in range(STEPS):
    for _ in range(3):
        distance, norm = critic_step(real_curves(BATCH, rng))
    generator_step()
    if (step + 1) % 100 == 0:
        print(f"step {step + 1}: distance {distance:.3f}, mean slope of the critic {norm:.3f}")

near, covered = judge(generator.predict(noise_test, verbose=0))
print(f"test distance: {near:.4f}")
print(f"test missed: {covered:.4f}")
print(f"test slope: {norm:.4f}")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(generator, noise_test).graph)
print(f"int8 distance: {judge(interpreter.predict(noise_test))[0]:.4f}")
