"""If and While: plans within the plan. What passes through them is copied, never computed with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgekit.ir.graph import DTYPES

from ..copies import copies
from ..step import Array, Call, Step
from . import kernel

if TYPE_CHECKING:
    from ..plan import ExecutionPlan

__all__: list[str] = []


@kernel("If", "bool")
def if_(step: Step) -> None:
    condition = step.input(0)
    given = [step.input(i) for i in range(1, len(step.node.inputs))]
    results = [step.output(i) for i in range(len(step.node.outputs))]
    ways = []
    for key in ("else_branch", "then_branch"):
        plan = step.subplan(key)
        enter = copies(given, _inputs(plan))
        ways.append((*enter, *plan.calls, *copies(_outputs(plan), results)))

    def choose() -> None:
        for call in ways[bool(condition.item())]:
            call()

    step.call(choose)


@kernel("While", *DTYPES)
def while_(step: Step) -> None:
    """Values that the body hands on as they are, or that the condition never reads, stay put."""
    condition, body = step.subplan("condition"), step.subplan("body")
    given = [step.input(i) for i in range(len(step.node.inputs))]
    read = [i for i, name in enumerate(condition.arena.graph.inputs) if _reads(condition, name)]
    asked, current = _inputs(condition), _inputs(body)
    changed = [i for i, name in enumerate(body.arena.graph.inputs) if not _hands_on(body, i, name)]
    enter = copies(given, current) + copies(_of(given, read), _of(asked, read))
    carry = copies(_of(_outputs(body), changed), _of(current, changed))
    both = [i for i in changed if i in read]
    carry += copies(_of(current, both), _of(asked, both))
    leave = copies(current, [step.output(i) for i in range(len(given))])
    again: tuple[Call, ...] = (*body.calls, *carry)
    (flag,) = _outputs(condition)
    layer, count = step.name, step.subplans.count_iteration

    def loop() -> None:
        for call in enter:
            call()
        while True:
            for call in condition.calls:
                call()
            if not flag.item():
                break
            count(layer)
            for call in again:
                call()
        for call in leave:
            call()

    step.call(loop)


def _inputs(plan: ExecutionPlan) -> list[Array]:
    return [plan.arena.view(name) for name in plan.arena.graph.inputs]


def _outputs(plan: ExecutionPlan) -> list[Array]:
    return [plan.arena.content(name) for name in plan.arena.graph.outputs]


def _reads(plan: ExecutionPlan, name: str) -> bool:
    graph = plan.arena.graph
    return name in graph.outputs or any(name in node.inputs for node in graph.nodes)


def _hands_on(plan: ExecutionPlan, position: int, name: str) -> bool:
    return plan.arena.graph.outputs[position] == name


def _of(arrays: Sequence[Array], positions: Sequence[int]) -> list[Array]:
    return [arrays[i] for i in positions]
