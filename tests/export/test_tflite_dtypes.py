"""Every case in every dtype: the file loads and runs in LiteRT, or the exporter says why not."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import UnsupportedOperator
from edgekit.export.tflite import tflite_bytes
from edgekit.export.tflite.kernels import MISSING
from edgekit.ir import Graph, GraphBuilder, Metadata, per_tensor
from tests import litert
from tests.cases import CASES, Case, random_inputs
from tests.export.test_tflite_ops import NO_REFERENCE
from tests.export.tflite_dtypes import MORE_CASES, PLAIN, graphs

NOT_IN_REFERENCE = {*NO_REFERENCE, ("Abs", "int32"), ("ArgMax", "bool"), ("ArgMin", "bool")}
"""What only LiteRT's default runtime runs."""


@pytest.mark.parametrize("case", [*CASES, *MORE_CASES], ids=str)
def test_runs_or_is_refused(case: Case) -> None:
    for key, graph in graphs(case):
        dtype = key.split()[0]
        try:
            content = tflite_bytes(graph)
        except UnsupportedOperator as error:
            assert "'layer': " in str(error)
            wide_bias = case.op == "DepthwiseConv2D" and "bias of int64" in str(error)
            narrow = case.op == "Requantize" and "from int16 to uint8" in str(error)
            segments = case.op == "ScatterNd" and "no int64" in str(error)
            assert dtype in MISSING.get(case.op, ()) or wide_bias or narrow or segments
            continue
        inputs = random_inputs(graph, case.batch)
        if case.op in ("Div", "Pow") and dtype in PLAIN:
            inputs = {name: np.abs(x) % 5 + 1 for name, x in inputs.items()}
        for runtime in litert.RUNTIMES.values():
            if runtime == "default" or not {case.op, (case.op, dtype)} & NOT_IN_REFERENCE:
                litert.run(content, inputs, runtime)


@pytest.mark.parametrize("op", MISSING)
def test_the_missing_kernels_are_missing(op: str) -> None:
    """A newer LiteRT may have them: then the exporter can write such files."""
    cases = [case for case in CASES if case.op == op]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("edgekit.export.tflite.export.check_kernel", lambda node, to: None)
        found = [
            (d, tflite_bytes(g), random_inputs(g, c.batch)) for c in cases for d, g in graphs(c)
        ]
    for dtype, content, inputs in found:
        if dtype in MISSING[op]:
            with pytest.raises((RuntimeError, ValueError)):
                litert.run(content, inputs)


def test_all_of_them_are_listed_at_once() -> None:
    g = GraphBuilder("wide")
    x = g.input("x", (1, 4, 4, 4), "int16", per_tensor(0.01))
    y = g.add("SpaceToDepth", x, name="to_depth", block=2)
    y = g.add("DepthToSpace", y, name="to_space", block=2)
    places = g.add("ArgMax", y, name="best", axis=-1)
    with pytest.raises(UnsupportedOperator) as caught:
        tflite_bytes(g.finish([places]))
    for line in ("SpaceToDepth 'to_depth'", "DepthToSpace 'to_space'", "ArgMax 'best'"):
        assert f"{line}: LiteRT's kernel takes no int16" in str(caught.value)


@pytest.mark.parametrize("op", ["Conv2D", "DepthwiseConv2D", "TransposeConv2D", "Dense"])
@pytest.mark.parametrize("ratio", [255.9, 256.0, 1000.0])
def test_scales_that_the_default_runtime_refuses(op: str, ratio: float) -> None:
    def graph(arithmetic: str) -> Graph:
        g = GraphBuilder(op)
        image = (4,) if op == "Dense" else (3, 3, 4)
        shape = {"Dense": (4, 4), "DepthwiseConv2D": (1, 2, 2, 4)}.get(op, (4, 2, 2, 4))
        x = g.input("x", (1, *image), "int8", per_tensor(0.5))
        weight = g.constant(np.ones(shape, np.int8), "w", per_tensor(0.5))
        attrs = {"size": (4, 4)} if op == "TransposeConv2D" else {}
        quant = per_tensor(np.float32(0.25 / ratio))
        y = g.add(op, x, weight, name="layer", quant=quant, **attrs)
        return g.finish([y], Metadata(arithmetic=arithmetic))

    inputs = {"x": np.ones(graph("float32").value("x").shape, np.int8)}
    content = tflite_bytes(graph("fixedpoint"))
    litert.run(content, inputs, "reference")
    if ratio < 256:
        litert.run(tflite_bytes(graph("float32")), inputs)
        return
    with pytest.raises(
        UnsupportedOperator, match=f"'layer': the scale of its products is {ratio:g}"
    ):
        tflite_bytes(graph("float32"))
    with pytest.raises((RuntimeError, ValueError), match="XNNPACK"):
        litert.run(content, inputs)
