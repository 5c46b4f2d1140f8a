"""What is an e-mail about? Text classification with the vocabulary as a layer of the model.

What is learned: TextVectorization, which learns its vocabulary by adapt() and turns strings into
numbers, and how the trained network is shown raw strings afterwards.
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers

EPOCHS = int(os.environ.get("EPOCHS", "10"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))

TOPICS = {
    "order": "parcel delivery tracking address courier shipped warehouse package",
    "invoice": "payment amount invoice tax refund account charged receipt",
    "support": "error crash update restart screen battery firmware broken",
    "job": "position interview salary team application office candidate contract",
}
FILLER = "hello please the my your is we about when today thanks could you with for since"


def letter(rng):
    """Some words of the topic among words of all letters, and now and then of another topic."""
    topic = rng.integers(0, len(TOPICS))
    words = list(rng.choice(FILLER.split(), rng.integers(6, 14)))
    for _ in range(rng.integers(2, 5)):
        told = topic if rng.random() < 0.8 else rng.integers(0, len(TOPICS))
        word = rng.choice(list(TOPICS.values())[told].split())
        words.insert(rng.integers(0, len(words) + 1), word)
    return " ".join(words).capitalize() + "!", topic


rng = np.random.default_rng(4)
texts, labels = zip(*(letter(rng) for _ in range(2000)), strict=True)
texts, labels = np.array(texts), np.array(labels)
names = list(TOPICS)
print(texts[0], "->", names[labels[0]])

vectorize = layers.TextVectorization(max_tokens=80, output_sequence_length=20)
vectorize.adapt(texts[:1500])
print("the vocabulary begins with", vectorize.get_vocabulary()[:6])
numbers = np.array(vectorize(texts)).astype("int32")
x_train, y_train, x_test, y_test = numbers[:1500], labels[:1500], numbers[1500:], labels[1500:]

model = keras.Sequential(
    [
        keras.Input((20,), dtype="int32"),
        layers.Embedding(80, 12),
        layers.GlobalMaxPooling1D(),
        layers.Dropout(0.3),
        layers.Dense(24, activation="relu"),
        layers.Dense(len(names), activation="softmax"),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(0.01),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
model.summary()
model.fit(x_train, y_train, batch_size=50, epochs=EPOCHS, validation_split=0.1, verbose=2)

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test accuracy: {accuracy:.4f}")
asked = ["When is my parcel shipped?", "The screen is broken since the update", "A refund, please"]
answers = model.predict(np.array(vectorize(asked)).astype("int32"), verbose=0)
for text, scores in zip(asked, answers, strict=True):
    print(f"{text} -> {names[scores.argmax()]} ({scores.max():.0%})")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:200]).graph)
scores = interpreter.predict(x_test)
print(f"int8 accuracy: {np.mean(scores.argmax(-1) == y_test):.4f}")
