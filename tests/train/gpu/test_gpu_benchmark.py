"""The benchmark on a GPU: what it measures and prints, tried where no GPU is."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from edgekit.train import backend
from edgekit.train.precision import set_float32_precision

from .benchmarks import FOLDER, importing


@pytest.fixture
def benchmark(monkeypatch):
    """Imports a module of the benchmark, as its scripts do."""
    names = ("gpu", "gpu_sides", "limits", "networks")
    with importing(monkeypatch, FOLDER / "training_sides", names) as imported:
        yield imported
    set_float32_precision("ieee")


def test_our_side(gpu, benchmark):
    sides = benchmark("gpu_sides")
    layers = benchmark("networks").NETWORKS["mlp"][1]
    facts, measured = sides.edgekit_side((12,), layers, 4, "ieee", steps=40)
    assert facts["refusal"] is None
    # a launch holds one step here, because the clock hears of epochs alone: eight
    assert 10 <= facts["kernels"] <= 60
    assert facts["launch_ms"] > 0 and facts["memory_ms"] > 0 and facts["arithmetic_ms"] > 0
    assert facts["graph_bytes"] > 0
    assert measured() > 0


def test_the_cost_of_a_step(benchmark):
    networks, limits = benchmark("networks"), benchmark("limits")
    model = networks.our_network((784,), networks.NETWORKS["mlp"][1])
    cost = limits.cost_of(model, 128)
    weights = 784 * 128 + 128 * 10
    assert cost.flop == 6 * 128 * weights + 12 * (weights + 138)
    activations = 784 + 128 + 128 + 10
    assert cost.bytes == 4 * (3 * 128 * activations + 7 * (weights + 138))
    # one convolution: each of 8 x 8 x 4 outputs takes 5 x 5 x 3 multiplications, three times
    model = networks.our_network((8, 8, 3), [("conv", 4, (5, 5), 1, "same")])
    assert limits.cost_of(model, 2).flop == 6 * 2 * 256 * 75 + 12 * 304
    arithmetic, traffic = cost.milliseconds(1e12, 1e12)
    assert arithmetic == pytest.approx(cost.flop / 1e9)
    assert traffic == pytest.approx(cost.bytes / 1e9)


def test_nodes_are_counted_in_the_text_of_a_graph(benchmark):
    class Graph:
        def debug_dot_str(self):
            return '"graph_1_node_0"[label="a"]; "graph_1_node_1"[]; "graph_1_node_0" -> "x"'

    assert benchmark("limits").nodes_of(Graph()) == 2


class Takes:
    """A side that takes these milliseconds, one after the other."""

    def __init__(self, times, log):
        self.times, self.log = list(times), log

    def measure(self):
        self.log.append(self)
        return self.times.pop(0)


def test_medians_of_turns_and_the_line_of_the_table(benchmark):
    table = benchmark("gpu")
    log = []
    sides = {"edgekit": Takes([2.0, 9.0, 1.0], log), "eager": Takes([5.0, 6.0, 70.0], log)}
    times = table.compared(sides, 3)
    assert times == {"edgekit": 2.0, "eager": 6.0}
    assert log == [sides["edgekit"], sides["eager"]] * 3
    facts = {"launch_ms": 0.5, "memory_ms": 0.25, "arithmetic_ms": 0.125, "kernels": 31,
             "graph_bytes": 3 << 20}  # fmt: skip
    line = table.row("mlp", 128, times, facts)
    expected = "mlp 128 2.000 6.000 3.00 2.5 - - 0.9 - - 1.3 0.500 0.250 0.125 31 3"
    assert " ".join(line.split()) == expected
    assert len(line) == len(table.title())


def test_every_network_of_the_table_is_known(benchmark):
    networks = benchmark("networks").NETWORKS
    assert {name for name, _ in benchmark("gpu").RUNS} <= set(networks)


def test_sides_answer_over_a_pipe(benchmark, tmp_path):
    table = benchmark("gpu")
    script = tmp_path / "side.py"
    script.write_text(
        "import sys\nprint('{\"kernels\": 3}', flush=True)\n"
        "for _ in sys.stdin: print('{\"ms\": 1.5}', flush=True)\n"
    )
    side = table.Side([sys.executable, str(script)])
    assert side.facts == {"kernels": 3}
    assert side.measure() == side.measure() == 1.5
    side.close()
    script.write_text("raise SystemExit('no such GPU')")
    with pytest.raises(RuntimeError, match="no such GPU"):
        table.Side([sys.executable, str(script)])


def test_what_is_not_installed_is_left_out(benchmark, monkeypatch, capsys):
    table = benchmark("gpu")
    monkeypatch.setattr(table.importlib.util, "find_spec", lambda name: None)
    table.main(["mlp"])
    said = capsys.readouterr().out
    assert "left out: edgekit: cupy is not installed" in said
    assert json.dumps("speed")[1:-1] in said
    with pytest.raises(SystemExit):
        table.main(["lennet"])


def test_other_sides_build_the_same_network(benchmark):
    torch = pytest.importorskip("torch")
    keras = pytest.importorskip("keras")
    networks = benchmark("networks")
    pytorch = benchmark("pytorch")
    for name, (shape, layers) in networks.NETWORKS.items():
        with backend.device("cpu"):
            ours = sum(np.size(w) for w in networks.our_network(shape, layers).weights)
        theirs = networks.network_of(keras, shape, layers).count_params()
        assert theirs == ours, name
        made = pytorch.torch_network(shape, layers)
        found = sum(p.numel() for p in [*made.parameters(), *made.buffers()] if p.ndim)
        assert found == ours, name
        assert isinstance(made, torch.nn.Module)
