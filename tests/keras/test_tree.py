"""`keras.tree` against what Keras 3.15 gives for the same structures."""

from __future__ import annotations

from collections import OrderedDict, namedtuple

import pytest

from edgekit.keras import tree

S = {"b": [1, (2, None)], "a": 3}
Pair = namedtuple("Pair", "first second")


def test_leaves_are_found_in_the_order_of_keys():
    assert tree.flatten(S) == [3, 1, 2, None]
    assert tree.flatten_with_path(S) == [
        (("a",), 3), (("b", 0), 1), (("b", 1, 0), 2), (("b", 1, 1), None),
    ]  # fmt: skip
    assert tree.flatten(5) == [5] and tree.flatten_with_path(5) == [((), 5)]
    assert tree.is_nested([]) and tree.is_nested(()) and tree.is_nested({})
    assert not tree.is_nested(3) and not tree.is_nested("ab")


def test_structures_are_mapped():
    made = tree.map_structure(lambda x, y: (x, y), [1, {"k": 2}], [3, {"k": 4}])
    assert made == [(1, 3), {"k": (2, 4)}]
    assert list(tree.map_structure(lambda x: x, S)) == ["b", "a"]
    assert tree.map_structure(lambda x: 7, [1, None]) == [7, 7]
    assert tree.map_structure(lambda x: 7, [1, None], none_is_leaf=False) == [7, None]
    assert tree.map_structure(lambda x: x + 1, Pair(1, [2])) == Pair(2, [3])
    made = tree.map_structure(lambda x: x + 1, OrderedDict(b=1, a=2))
    assert type(made) is OrderedDict and list(made.items()) == [("b", 2), ("a", 3)]
    assert tree.map_structure_up_to([0, 0], lambda x: x, [[1, 2], 3]) == [[1, 2], 3]
    assert tree.map_structure_up_to([0, [0]], max, [[1], [2]], [[3], [1]]) == [[3], [2]]
    shapes = {"a": (1, 2), "b": [(3,), [None, 2]]}
    assert tree.map_shape_structure(len, shapes) == {"a": 2, "b": [1, 2]}


def test_structures_are_traversed():
    seen = []
    tree.traverse(lambda x: seen.append(x), S)
    assert seen == [S, 3, S["b"], 1, (2, None), 2, None]
    seen.clear()
    tree.traverse(lambda x: seen.append(x), [1, [2]], top_down=False)
    assert seen == [1, 2, [2], [1, [2]]]
    assert tree.traverse(lambda x: 99 if isinstance(x, int) else None, S) == {
        "b": [99, (99, None)], "a": 99,
    }  # fmt: skip
    to_none = tree.traverse(lambda x: tree.MAP_TO_NONE if isinstance(x, int) else None, S)
    assert to_none == {"b": [None, (None, None)], "a": None}
    assert tree.lists_to_tuples(S) == {"b": (1, (2, None)), "a": 3}


def test_leaves_are_packed_and_structures_compared():
    assert tree.pack_sequence_as(S, [10, 20, 30, 40]) == {"b": [20, (30, 40)], "a": 10}
    assert tree.pack_sequence_as(0, [5]) == 5
    with pytest.raises(ValueError, match="has 2 leaves, not 1"):
        tree.pack_sequence_as([1, 2], [1])
    tree.assert_same_structure(S, tree.map_structure(str, S))
    for a, b in [([1, 2], (1, 2)), ([1, 2], [1]), ({"a": 1}, {"b": 1}), ([1, [2]], [1, 2])]:
        with pytest.raises(ValueError, match="structures differ"):
            tree.assert_same_structure(a, b)
    with pytest.raises(ValueError, match="structures differ"):
        tree.map_structure(lambda x, y: x, [1, 2], [1])
    tree.assert_same_paths([1, 2], (3, 4))
    with pytest.raises(ValueError, match="paths of a alone.*'a'.*paths of b alone.*'b'"):
        tree.assert_same_paths({"a": 1}, {"b": 1})
