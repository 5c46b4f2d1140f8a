"""Do people like the film? Text classification as it was written in 2019.

What is learned: Tokenizer and pad_sequences, an Embedding whose vectors are averaged, and asking
for classes. The spellings are old ones; each warns and names today's.
"""

import os

import numpy as np

import edgekit
from edgekit.keras.layers import Dense, Dropout, Embedding, GlobalAveragePooling1D
from edgekit.keras.models import Sequential
from edgekit.keras.optimizers import Adam
from edgekit.keras.preprocessing.sequence import pad_sequences
from edgekit.keras.preprocessing.text import Tokenizer
from edgekit.keras.utils import set_random_seed

EPOCHS = int(os.environ.get("EPOCHS", "12"))
set_random_seed(int(os.environ.get("SEED", "0")))

PRAISE = "wonderful moving clever funny brilliant gripping charming fresh honest lovely"
BLAME = "dull tedious clumsy shallow awful predictable noisy stale pointless cold"
THINGS = "plot acting music dialogue ending camera story humour editing cast"
LINKS = "and but while though because"


def one_of(words, rng):
    return rng.choice(words.split())


def review(rng):
    """A sentence or two about some things, and whether there was more praise than blame."""
    liked = rng.integers(0, 2)
    parts = []
    for _ in range(rng.integers(3, 7)):
        words = PRAISE if rng.random() < (0.75 if liked else 0.25) else BLAME
        parts.append(f"the {one_of(THINGS, rng)} was {one_of(words, rng)}")
    text = parts[0]
    for part in parts[1:]:
        linked = rng.random() < 0.6
        text += f" {one_of(LINKS, rng)} {part}" if linked else f". {part.capitalize()}"
    return text[0].upper() + text[1:] + ".", liked


rng = np.random.default_rng(3)
texts, labels = zip(*(review(rng) for _ in range(2500)), strict=True)
y = np.array(labels)
print(texts[0], "->", "liked" if y[0] else "not liked")

WORDS, LENGTH = 60, 40
tokenizer = Tokenizer(num_words=WORDS, oov_token="<unknown>")
tokenizer.fit_on_texts(texts[:2000])
x = pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=LENGTH, padding="post")
x_train, y_train, x_test, y_test = x[:2000], y[:2000], x[2000:], y[2000:]

model = Sequential()
model.add(Embedding(WORDS, 8, input_length=LENGTH))
model.add(GlobalAveragePooling1D())
model.add(Dense(16, activation="relu"))
model.add(Dropout(0.2))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer=Adam(lr=0.01), metrics=["acc"])
model.summary()
model.fit(x_train, y_train, epochs=EPOCHS, batch_size=64, validation_split=0.1, verbose=2)

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test accuracy: {accuracy:.4f}")
answers = model.predict_classes(x_test)[:, 0]
for text, answer in zip(texts[2000:2003], answers[:3], strict=True):
    print("liked    " if answer else "not liked", text)

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:200]).graph)
liked = interpreter.predict(x_test)[:, 0] > 0.5
print(f"int8 accuracy: {np.mean(liked == y_test):.4f}")
