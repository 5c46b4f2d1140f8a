"""The table that says where the rule of an operator stands."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import edgekit.importers.tflite as package
from edgekit.importers.tflite.ops import CUSTOM_FAMILIES, FAMILIES, find_rule


def test_families_say_which_module_has_the_rule_of_an_operator() -> None:
    families = {**FAMILIES, **CUSTOM_FAMILIES}
    for name, codes in families.items():
        module = import_module(f"{package.__name__}.{name}")
        assert set(codes) == set(module.READERS), name
        for code in codes:
            assert find_rule(code, is_custom=name in CUSTOM_FAMILIES) is module.READERS[code]
    every = [code for codes in families.values() for code in codes]
    assert len(every) == len(set(every))


def test_every_module_with_rules_is_a_family() -> None:
    folder = Path(str(package.__file__)).parent
    having = {p.stem for p in folder.glob("*.py") if "\nREADERS: " in p.read_text("utf-8")}
    assert having == {*FAMILIES, *CUSTOM_FAMILIES}


def test_an_unknown_operator_has_no_rule() -> None:
    assert find_rule("CONV_2D") is not None
    assert find_rule("CONV_2D", is_custom=True) is None
    assert find_rule("NO_SUCH_THING") is None
