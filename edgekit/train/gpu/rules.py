"""How primitives run on a GPU: kernels of our own in place of the array code.

    @on_gpu(relu)
    def rule(x): ...

    @rule.vjp
    def _(g, y, x): ...

A rule has the signature of its primitive, and of its derivative. It is asked first wherever the
first input is a device array that kernels can hold; where `when` says no, the primitive's own array
code runs on cupy. Until this package is imported primitives know nothing of it, so that on a CPU
they cost nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgekit.train.primitive import Primitive

from .carry import is_device_array
from .kernel import STORAGE

__all__ = ["Rule", "on_gpu"]


class Rule:
    """The GPU's side of a primitive."""

    def __init__(
        self, rule_of: Primitive, forward: Callable[..., Any], when: Callable[..., bool] | None
    ) -> None:
        self.forward = forward
        self.when = when
        self._primitive = rule_of
        rule_of.forward = _chosen(self.takes, forward, rule_of.forward)

    def vjp(self, backward: Callable[..., Any]) -> Callable[..., Any]:
        """Register the derivative; `saved` and `needs` come as for the primitive."""
        on_host = self._primitive.backward
        assert on_host is not None

        def run(g: Any, y: Any, x: Any, *inputs: Any, **attrs: Any) -> Any:
            if is_device_array(g):
                known = {k: v for k, v in attrs.items() if k not in ("saved", "needs")}
                if y is not None and g.dtype != y.dtype and y.dtype.name in STORAGE:
                    g = g.astype(y.dtype)  # kernels take both alike
                if self.takes(x, *inputs, **known):
                    return backward(g, y, x, *inputs, **attrs)
            return on_host(g, y, x, *inputs, **attrs)

        self._primitive.backward = run
        return backward

    def takes(self, x: Any, *inputs: Any, **attrs: Any) -> bool:
        """Whether the rule runs these inputs; the same answer forward and backward."""
        if not is_device_array(x) or x.dtype.name not in STORAGE:
            return False
        return self.when is None or self.when(x, *inputs, **attrs)


def on_gpu(
    rule_of: Primitive, when: Callable[..., bool] | None = None
) -> Callable[[Callable[..., Any]], Rule]:
    """Register a function as the GPU's side of a primitive, for inputs that `when` accepts."""

    def register(forward: Callable[..., Any]) -> Rule:
        return Rule(rule_of, forward, when)

    return register


def _chosen(
    takes: Callable[..., bool], on_device: Callable[..., Any], on_host: Callable[..., Any]
) -> Callable[..., Any]:
    def forward(x: Any, *inputs: Any, **attrs: Any) -> Any:
        return (on_device if takes(x, *inputs, **attrs) else on_host)(x, *inputs, **attrs)

    forward.__wrapped__ = on_host  # type: ignore[attr-defined]  # for inspect.signature
    return forward
