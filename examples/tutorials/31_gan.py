"""Two networks against each other: a generator that learns to draw points on a ring.

What is learned: a training loop with two gradient tapes and two optimizers, and how one measures
whether a GAN has learned.
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers, ops

STEPS = 100 * int(os.environ.get("EPOCHS", "12"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

NOISE, BATCH = 8, 64


def real_points(count, rng):
    """Points near a circle of radius 1."""
    angle = rng.random(count) * 2 * np.pi
    radius = rng.normal(1, 0.05, count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1).astype("float32")


generator = keras.Sequential(
    [
        keras.Input((NOISE,)),
        layers.Dense(48, activation="relu"),
        layers.Dense(48, activation="relu"),
        layers.Dense(2),
    ],
    name="generator",
)
discriminator = keras.Sequential(
    [
        keras.Input((2,)),
        layers.Dense(64),
        layers.LeakyReLU(negative_slope=0.2),
        layers.Dense(64),
        layers.LeakyReLU(negative_slope=0.2),
        layers.Dense(1),
    ],
    name="discriminator",
)
loss_of = keras.losses.BinaryCrossentropy(from_logits=True)
generator_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)
discriminator_optimizer = keras.optimizers.Adam(2e-3, beta_1=0.5)


def train_step(real):
    noise = keras.random.normal((BATCH, NOISE))
    with keras.GradientTape() as generator_tape, keras.GradientTape() as discriminator_tape:
        fake = generator(noise, training=True)
        real_scores = discriminator(real, training=True)
        fake_scores = discriminator(fake, training=True)
        generator_loss = loss_of(ops.ones_like(fake_scores), fake_scores)
        discriminator_loss = loss_of(0.9 * ops.ones_like(real_scores), real_scores) + loss_of(
            ops.zeros_like(fake_scores), fake_scores
        )
    # All gradients first: applying some would change what the other tape has recorded.
    generator_gradients = generator_tape.gradient(generator_loss, generator.trainable_variables)
    gradients = discriminator_tape.gradient(discriminator_loss, discriminator.trainable_variables)
    generator_optimizer.apply_gradients(
        zip(generator_gradients, generator.trainable_variables, strict=True)
    )
    discriminator_optimizer.apply_gradients(
        zip(gradients, discriminator.trainable_variables, strict=True)
    )
    return float(generator_loss), float(discriminator_loss)


def judge(points):
    """How far off the circle the points are, and the share of twelve sectors that they reach."""
    off = np.abs(np.hypot(points[:, 0], points[:, 1]) - 1).mean()
    sectors = np.floor((np.arctan2(points[:, 1], points[:, 0]) / np.pi + 1) * 5.9999).astype(int)
    return off, np.mean(np.bincount(sectors, minlength=12) >= len(points) / 12 / 5)


rng = np.random.default_rng(13)
noise_test = rng.normal(size=(1200, NOISE)).astype("float32")
for step in range(STEPS):
    losses = train_step(real_points(BATCH, rng))
    if (step + 1) % 200 == 0:
        off, reached = judge(generator.predict(noise_test, verbose=0))
        print(
            f"step {step + 1}: generator {losses[0]:.3f}, discriminator {losses[1]:.3f}, "
            f"off the circle by {off:.3f}, {reached:.0%} of the sectors reached"
        )

off, reached = judge(generator.predict(noise_test, verbose=0))
print(f"test distance: {off:.4f}")
print(f"test sectors: {reached:.4f}")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(generator, noise_test[:300]).graph)
off, reached = judge(interpreter.predict(noise_test))
print(f"int8 distance: {off:.4f}")
