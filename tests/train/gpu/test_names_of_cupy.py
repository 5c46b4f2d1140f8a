"""The stand-in offers nothing that cupy has not: asked of cupy itself, where it is installed."""

from __future__ import annotations

import importlib
import inspect
import types
import warnings

import pytest

from tests.train.device.module import modules
from tests.train.device.names import CONSTANTS
from tests.train.device.signatures import FILE, parameters_of, text_of_cupy


@pytest.fixture(scope="module")
def cupy():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where it finds no CUDA
        return pytest.importorskip("cupy", exc_type=ImportError)


def test_functions_and_methods_have_the_parameters_of_cupy(cupy):
    assert FILE.read_text(encoding="utf-8") == text_of_cupy()
    assert all(hasattr(cupy, name) for name in CONSTANTS)


OWN = {"cupy.ndarray.__array_ufunc__"}
ATTRIBUTES = {"cupy.cuda.Stream.is_non_blocking", "cupy.cuda.Stream.ptr", "cupy.cuda.Device.id"}


@pytest.mark.parametrize("name", sorted(modules()))
def test_modules_offer_what_cupy_has(cupy, name):
    real, stand_in = importlib.import_module(name), modules()[name]
    for attribute, offered in vars(stand_in).items():
        if attribute.startswith("_") or isinstance(offered, types.ModuleType):
            continue
        place = f"{name}.{attribute}"
        assert hasattr(real, attribute), place
        compare(place, offered, getattr(real, attribute))


def compare(place, offered, real):
    if inspect.isclass(offered):
        for name, member in vars(offered).items():
            if (name.startswith("_") and name != "__call__") or f"{place}.{name}" in OWN:
                continue
            assert hasattr(real, name) or f"{place}.{name}" in ATTRIBUTES, f"{place}.{name}"
            if inspect.isfunction(member):
                compare(f"{place}.{name}", member, getattr(real, name))
        if issubclass(offered, Exception) or place.endswith("Graph"):
            return  # nobody makes them but cupy
        offered = offered.__init__
    if not inspect.isfunction(offered):
        return
    parameters = inspect.signature(offered).parameters.values()
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return  # those of functions and methods are in the file
    expected = parameters_of(real)
    if expected is None or expected == ["args", "kwargs"]:
        return
    names = [one.name for one in parameters if one.name != "self"]
    assert [name for name in expected if name in names] == names, f"{place}: {expected}"
