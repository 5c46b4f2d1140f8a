"""Layers and functions on words against Keras."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError
from edgekit.train import layers
from edgekit.train.preprocessing import pad_sequences
from edgekit.train.preprocessing.sequence import make_sampling_table, skipgrams
from edgekit.train.preprocessing.text import (
    Tokenizer,
    hashing_trick,
    text_to_word_sequence,
    tokenizer_from_json,
)
from tests.material import ROOT
from tests.train.text_cases import (
    CROSSED,
    DOCUMENTS,
    HASHED,
    LOOKUPS,
    PADDINGS,
    TOKENIZERS,
    VECTORIZERS,
    WORDS,
    adapted,
)

GOLDEN = json.loads((ROOT / "tests/golden/keras/texts.json").read_text())


@pytest.mark.parametrize("name", LOOKUPS)
def test_lookups_are_those_of_keras(name):
    cls, options, data, inputs = LOOKUPS[name]
    layer = adapted(layers, cls, options, data)
    expected = GOLDEN["lookups"][name]
    assert layer.get_vocabulary() == expected["vocabulary"]
    assert layer(np.array(inputs)).numpy().tolist() == expected["out"]
    again = type(layer).from_config(layer.get_config())
    assert again(np.array(inputs)).numpy().tolist() == expected["out"]


@pytest.mark.parametrize("name", VECTORIZERS)
def test_text_vectorization_is_that_of_keras(name):
    layer = adapted(layers, "TextVectorization", VECTORIZERS[name], DOCUMENTS)
    expected = GOLDEN["vectorizers"][name]
    assert layer.get_vocabulary() == expected["vocabulary"]
    texts = [*DOCUMENTS, "nobody said that"]
    np.testing.assert_allclose(layer(np.array(texts)).numpy(), expected["out"], rtol=1e-6)
    again = layers.TextVectorization.from_config(layer.get_config())
    np.testing.assert_allclose(again(texts).numpy(), expected["out"], rtol=1e-6)


@pytest.mark.parametrize("case", range(len(HASHED)))
def test_hashes_are_those_of_keras(case):
    made = layers.Hashing(**HASHED[case])(np.array(WORDS)).numpy()
    assert made.tolist() == GOLDEN["hashed"][case]


@pytest.mark.parametrize("case", range(len(CROSSED)))
def test_crossed_categories_are_those_of_keras(case):
    inputs, options = CROSSED[case]
    layer = layers.HashedCrossing(**options)
    made = layer(list(map(np.array, inputs))).numpy()
    assert made.tolist() == GOLDEN["crossed"][case]
    assert made.dtype == ("float32" if "output_mode" in options else "int64")
    assert layer.compute_output_shape([np.shape(x) for x in inputs]) == made.shape
    again = layers.HashedCrossing.from_config(layer.get_config())
    np.testing.assert_array_equal(again(list(map(np.array, inputs))).numpy(), made)


def test_what_cannot_be_crossed_is_said():
    crossing = layers.HashedCrossing(3)
    with pytest.raises(InputError, match="two inputs or more"):
        crossing(np.array(["a"]))
    with pytest.raises(ShapeError, match=r"one shape.*\(2,\), \(1,\)"):
        crossing([np.array(["a", "b"]), np.array(["a"])])
    with pytest.raises(InputError, match="strings or integers. Received: float64"):
        crossing([np.array([0.5]), np.array([1])])
    with pytest.raises(InputError, match="num_bins must be positive"):
        layers.HashedCrossing(0)


@pytest.mark.parametrize("name", PADDINGS)
def test_pad_sequences_is_that_of_keras(name):
    sequences, options = PADDINGS[name]
    made = pad_sequences(sequences, **options)
    assert made.tolist() == GOLDEN["paddings"][name]
    assert made.dtype == np.dtype(options.get("dtype", "int32"))


@pytest.mark.parametrize("name", TOKENIZERS)
def test_tokenizer_is_that_of_keras(name):
    made = Tokenizer(**TOKENIZERS[name])
    made.fit_on_texts(DOCUMENTS)
    expected = GOLDEN["tokenizers"][name]
    for one in (made, tokenizer_from_json(made.to_json())):
        assert one.word_index == expected["word_index"]
        assert one.texts_to_sequences(DOCUMENTS) == expected["sequences"]
        assert one.sequences_to_texts(expected["sequences"]) == expected["texts"]
        for mode, matrix in expected["matrices"].items():
            np.testing.assert_allclose(one.texts_to_matrix(DOCUMENTS, mode), matrix, atol=1e-6)


def test_old_functions_on_words_are_those_of_keras():
    assert [text_to_word_sequence(d) for d in DOCUMENTS] == GOLDEN["words"]
    assert hashing_trick(DOCUMENTS[0], 17, "md5") == GOLDEN["hashing_trick"]
    np.testing.assert_allclose(make_sampling_table(20), GOLDEN["sampling_table"], rtol=1e-12)


def test_skipgrams_pair_neighbours_and_random_words():
    couples, labels = skipgrams([1, 2, 0, 3], 50, window_size=1, seed=1)
    neighbours = {tuple(c) for c, y in zip(couples, labels, strict=True) if y == 1}
    assert neighbours == {(1, 2), (2, 1)}
    assert labels.count(0) == labels.count(1)


def test_text_layers_say_what_is_wrong():
    with pytest.raises(InputError, match=r"not in the vocabulary: zebra"):
        layers.StringLookup(vocabulary=["a"], num_oov_indices=0)(np.array(["zebra"]))
    with pytest.raises(InputError, match=r"no vocabulary yet: call adapt"):
        layers.TextVectorization()(np.array(["a"]))
    with pytest.raises(InputError, match=r"'a'.* twice"):
        layers.StringLookup(vocabulary=["a", "a"])
    with pytest.raises(ShapeError, match=r"one string for each sample"):
        layers.TextVectorization()(np.array([["a", "b"]]))
    with pytest.raises(InputError, match=r"from 0 to 3. Received: 0 to 4"):
        layers.CategoryEncoding(4)(np.array([[0, 4]]))
    with pytest.raises(InputError, match=r"Did you mean 'whitespace'"):
        layers.TextVectorization(split="whitespaces")


def test_a_vocabulary_is_made_of_plain_strings():
    layer = layers.TextVectorization()
    layer.adapt(np.array(["the cat", "the dog"]))
    assert {type(token) for token in layer.get_vocabulary()} == {str}
