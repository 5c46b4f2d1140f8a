"""What the errors say that every room raises."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgekit.errors import InputError, MissingExtraError, lookup, require


def test_a_package_that_is_not_installed() -> None:
    for module in ("nowhere", "nowhere.deep.inside"):
        with pytest.raises(MissingExtraError) as caught:
            require(module, extra="desktop")
        assert str(caught.value) == (
            "this needs the package 'nowhere', which is not installed; install it with: "
            'pip install "edgekit[desktop]"'
        )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("import surely_not_there", "ModuleNotFoundError: No module named 'surely_not_there'"),
        ("raise ImportError('libmpi.so: cannot open')", "ImportError: libmpi.so: cannot open"),
        ("raise RuntimeError('cannot load MPI library')", "RuntimeError: cannot load MPI"),
        ("raise ValueError('numpy.dtype size changed')", "ValueError: numpy.dtype size changed"),
    ],
)
def test_a_package_that_is_there_but_broken(
    lines: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_package.py").write_text(lines)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtraError, match="'broken_package', which is installed, but") as c:
        require("broken_package", extra="mpi")
    assert said in str(c.value)
    assert 'pip install --force-reinstall "edgekit[mpi]"' in str(c.value)


def test_names_that_are_not_known() -> None:
    with pytest.raises(InputError, match="fruit 'aple' is not known. Did you mean 'apple'"):
        lookup({"apple": 1, "pear": 2}, "aple", "fruit", InputError)
    with pytest.raises(InputError, match="fruit 'x' is not known. Known: apple, pear"):
        lookup({"pear": 2, "apple": 1}, "x", "fruit", InputError)
    with pytest.raises(InputError, match="fruit 'x' is not known. There is none"):
        lookup({}, "x", "fruit", InputError)
