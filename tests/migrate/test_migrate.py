"""`edgekit migrate`: what is rewritten, what is named, and that nothing else changes."""

from __future__ import annotations

import ast
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgekit.cli import main
from edgekit.errors import InputError
from edgekit.migrate import migrate
from edgekit.migrate.table import BY_HAND, MODULES, MOVED, OPS
from tests.material import ROOT

pytest.importorskip("libcst")


def rewritten(source):
    """(the new source, the report as (line, new, by hand))."""
    made, changes = migrate(textwrap.dedent(source).lstrip("\n").encode())
    return made.decode(), [(c.line, c.new, c.by_hand) for c in changes]


IMPORTS = {
    "import keras": "from edgekit import keras",
    "import keras as k": "from edgekit import keras as k",
    "import tensorflow.keras as keras": "from edgekit import keras",
    "import tensorflow.keras as tfk": "from edgekit import keras as tfk",
    "import keras.backend as K": "from edgekit.keras import backend as K",
    "import keras.layers": "from edgekit import keras",
    "from keras import backend as K": "from edgekit.keras import backend as K",
    "from keras.layers import Add, ReLU as R": "from edgekit.keras.layers import Add, ReLU as R",
    "from tensorflow import keras": "from edgekit import keras",
    "from tensorflow import keras as k": "from edgekit import keras as k",
    "from tensorflow.keras import layers, models": "from edgekit.keras import layers, models",
    "from tensorflow.python.keras import utils": "from edgekit.keras import utils",
    "from keras.layers import (  # all of them\n    Dense,\n    LSTM,\n)":
        "from edgekit.keras.layers import (  # all of them\n    Dense,\n    LSTM,\n)",
    "from keras.layers import *": "from edgekit.keras.layers import *",
    "from tensorflow import GradientTape, reduce_mean as m":
        "from edgekit.keras import GradientTape; from edgekit.keras.ops import mean as m",
    "from tensorflow import distribute": "from edgekit.keras import distribute",
    "from tensorflow import distribute as d, keras":
        "from edgekit.keras import distribute as d; from edgekit import keras",
    "from tensorflow.distribute import MirroredStrategy":
        "from edgekit.keras.distribute import MirroredStrategy",
    "import numpy as np, keras": "import numpy as np\nfrom edgekit import keras",
    "import keras; import os": "from edgekit import keras; import os",
}  # fmt: skip


@pytest.mark.parametrize("old", IMPORTS)
def test_imports(old):
    made, changes = migrate(old.encode() + b"\n")
    assert made.decode() == IMPORTS[old] + "\n"
    assert changes and not any(change.by_hand for change in changes)


USES = {
    "tf.keras.layers.Dense(3)": "keras.layers.Dense(3)",
    "tf.Variable([1.0], trainable=False)": "keras.Variable([1.0], trainable=False)",
    "tf.random.set_seed(1)": "keras.utils.set_random_seed(1)",
    "tf.reduce_mean(tf.square(a - b), axis=-1)": "keras.ops.mean(keras.ops.square(a - b), axis=-1)",
    "tf.math.reduce_sum(a, keep_dims=True)": "keras.ops.sum(a, keepdims=True)",
    "tf.argmax(a)": "keras.ops.argmax(a, axis=0)",
    "tf.argmax(a, 1)": "keras.ops.argmax(a, 1)",
    "tf.gather(a, i)": "keras.ops.take(a, i, axis=0)",
    "tf.cast(a, tf.float32)": 'keras.ops.cast(a, "float32")',
    "a[:, tf.newaxis]": "a[:, None]",
    "tf.clip_by_value(a, 0, clip_value_max=1)": "keras.ops.clip(a, 0, x_max=1)",
    "Dense(3, activation=tf.nn.relu)": "Dense(3, activation=keras.activations.relu)",
    "tf.nn.softmax(a)": "keras.ops.softmax(a)",
    "tf . keras . Model": "keras.Model",
    "tf.distribute.MirroredStrategy(['GPU:0'])": "keras.distribute.MirroredStrategy(['GPU:0'])",
    "tf.distribute.experimental.MultiWorkerMirroredStrategy()": (
        "keras.distribute.MultiWorkerMirroredStrategy()"
    ),
    "tf.distribute.ReduceOp.SUM": "keras.distribute.ReduceOp.SUM",
    "tf.nn.compute_average_loss(a, global_batch_size=8)": (
        "keras.distribute.compute_average_loss(a, global_batch_size=8)"
    ),
    "print('tf.keras is a text', tf.float32)": "print('tf.keras is a text', \"float32\")",
}


@pytest.mark.parametrize("old", USES)
def test_uses(old):
    made, report = rewritten(f"import tensorflow as tf\nx = {old}\n")
    head = (
        "" if "keras." not in USES[old].replace("'tf.keras", "") else "from edgekit import keras\n"
    )
    assert made == f"{head}x = {USES[old]}\n"
    assert not any(by_hand for *_, by_hand in report)


BY_HAND_USES = [
    "tf.Session()", "tf.placeholder(a)", "tf.compat.v1.Session()", "tf.data.Dataset.range(3)",
    "tf.global_variables_initializer()", "tf.distribute.TPUStrategy(a)", "tf.gradients(a, b)",
    "tf.train.AdamOptimizer(1)", "tf.image.resize(a, b)", "tf.lite.TFLiteConverter",
    "tf.estimator.Estimator", "tf.layers.dense(a, 3)", "tf.nowhere(3)", "tf.split(a, [1, 2])",
    "tf.reduce_mean(a, name='loss')", "tf.where(a)", "tf.pad(a, b, 'REFLECT')",
]  # fmt: skip


@pytest.mark.parametrize("old", BY_HAND_USES)
def test_what_is_left_is_named_with_a_reason_and_stays(old):
    source = f"import tensorflow as tf\n\nx = {old}\n"
    made, report = rewritten(source)
    assert made == source
    assert [(line, by_hand) for line, _, by_hand in report] == [(3, True)]
    assert ";" in report[0][1], "why, and what to do"


def test_strategies_below_a_module_of_their_own():
    made, report = rewritten("""
        from tensorflow import distribute as d
        a = d.MirroredStrategy(["GPU:0"])
        b = d.experimental.MultiWorkerMirroredStrategy()
        c = d.TPUStrategy()
    """)
    assert made == textwrap.dedent("""
        from edgekit.keras import distribute as d
        a = d.MirroredStrategy(["GPU:0"])
        b = d.MultiWorkerMirroredStrategy()
        c = d.TPUStrategy()
    """).lstrip("\n")
    assert [(line, by_hand) for line, _, by_hand in report] == [(1, False), (3, False), (4, True)]


def test_function_decorators_and_switches_go():
    made, report = rewritten("""
        import tensorflow as tf
        tf.compat.v1.enable_eager_execution()

        class Net(tf.keras.Model):
            @tf.function
            @property
            def a(self):
                return 1

            @tf.function(jit_compile=True)  # fast
            def b(self, x): return x

        def f():
            tf.config.run_functions_eagerly(True)
    """)
    assert made == textwrap.dedent("""
        from edgekit import keras

        class Net(keras.Model):
            @property
            def a(self):
                return 1

            # fast
            def b(self, x): return x

        def f():
            pass
    """).lstrip("\n")
    assert [line for line, *_ in report] == [1, 2, 4, 5, 10, 14]


def test_tensorflow_stays_imported_where_it_is_still_used():
    made, _ = rewritten("""
        import tensorflow as tf
        tape = tf.GradientTape()
        data = tf.data.Dataset
    """)
    assert made.splitlines() == [
        "import tensorflow as tf", "from edgekit import keras", "tape = keras.GradientTape()",
        "data = tf.data.Dataset",
    ]  # fmt: skip


def test_other_names_called_tf_or_keras_are_not_touched():
    source = "import toolfile as tf\nimport numpy as keras\nx = tf.keras.layers(tf.Session())\n"
    assert migrate(source.encode()) == (source.encode(), [])


SCRIPT = """
    # Digits, as it was written in 2019.
    from __future__ import print_function
    import numpy as np
    import tensorflow as tf
    from keras.models import Sequential
    from keras.layers import Dense, Dropout
    from keras.utils import np_utils
    from keras import backend as K

    tf.random.set_seed(0)
    rng = np.random.RandomState(0)
    x = rng.uniform(size=(64, 8)).astype("float32");  y = (x.sum(1) > 4).astype(int)
    y = np_utils.to_categorical(y, 2)

    def loss(t, p):   # our own
        return tf.reduce_mean(tf.square(t - p), axis=-1) + K.epsilon()

    model = Sequential()
    model.add(Dense(16, input_dim=8, activation=tf.nn.relu))
    model.add(Dropout(0.1))
    model.add(Dense(2, activation='softmax'))
    model.compile(loss=loss, optimizer='adam', metrics=['accuracy'])
    model.fit(x, y, epochs=2, batch_size=16, verbose=0)

    w = tf.Variable(tf.zeros([8, 1]))
    with tf.GradientTape() as tape:
        error = tf.reduce_sum(tf.square(tf.matmul(x, w) - 1.0))
    print("gradient", tape.gradient(error, w).shape)
"""


def test_a_script_of_2019_runs_after_it_was_migrated(tmp_path):
    made, report = rewritten(SCRIPT)
    assert not any(by_hand for *_, by_hand in report)
    script = tmp_path / "script.py"
    script.write_text(made)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "gradient (8, 1)\n"


def test_a_migrated_script_is_migrated_no_further():
    once, _ = rewritten(SCRIPT)
    assert migrate(once.encode()) == (once.encode(), [])


def test_bytes_that_are_not_named_stay(tmp_path):
    source = "\ufeff# -*- coding: utf-8 -*-\r\nimport keras\t# é\r\nx = {  'ü':1,\r\n }\t\r\n\f\r\n"
    made, _ = migrate(source.encode())
    assert made == source.replace("import keras", "from edgekit import keras").encode()
    latin = "# -*- coding: latin-1 -*-\nimport keras  # é\n".encode("latin-1")
    assert migrate(latin)[0] == latin.replace(b"import keras", b"from edgekit import keras")


PIECES = st.sampled_from(
    ["x = 1", "y  =  [1,2 ,3]", "def f(a,b):\n\treturn a", "# note", "", "   ", "'''text\n tf.x'''",
     "if x:\n  pass ;  z=2", "import os,sys", "s = \"keras.layers\"", "for i in x : print( i )",
     "class tfx: keras = 3", "lambda tf: tf.keras", "with open('tensorflow') as f:\n    pass"]
)  # fmt: skip


@settings(max_examples=60, deadline=None, derandomize=True)
@example(["x = 1", "", "   "], "\n")
@given(st.lists(PIECES, max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_scripts_without_keras_come_back_as_they_are(pieces, ending):
    source = "\n".join(pieces).replace("\n", ending).encode()
    try:
        ast.parse(source)
    except SyntaxError:
        return
    assert migrate(source) == (source, [])


def test_the_tables_point_at_names_that_are_there():
    from edgekit import keras

    for path in [*MOVED.values(), *(f"ops.{name}" for name in OPS.values())]:
        found = keras
        for part in path.split("."):
            found = getattr(found, part)
        assert callable(found), path
    assert not set(BY_HAND) & (set(MOVED) | set(OPS))
    assert all(hasattr(keras, module) for module in MODULES)


def test_rewritten_calls_mean_what_tensorflow_means():
    """The values are those of TensorFlow's documentation of these functions."""
    source = """import tensorflow as tf
a = tf.constant([[1, 9, 3], [4, 2, 8]])
r = [tf.argmax(a), tf.math.cumsum(a), tf.gather(a, [1]), tf.reverse(a, [1])]
"""
    scope: dict = {}
    exec(migrate(source.encode())[0].decode(), scope)
    expected = [[1, 0, 1], [[1, 9, 3], [5, 11, 11]], [[4, 2, 8]], [[3, 9, 1], [8, 2, 4]]]
    for made, right in zip(scope["r"], expected, strict=True):
        np.testing.assert_array_equal(np.asarray(made), right)


def test_broken_scripts_are_refused():
    with pytest.raises(InputError, match=r"bad.py:2: not Python that can be read"):
        migrate(b"x = 1\nprint 'x'\n", "bad.py")


@pytest.mark.parametrize(
    ("line", "use", "said"),
    [
        ("import tensorflow.compat.v1 as tf", "tf.placeholder(x)", "no graph here"),
        ("import tensorflow.compat.v1 as tf", "tf.disable_v2_behavior()", "not emulated"),
        ("import tensorflow.image as images", "images.resize(x)", "no tf.image here"),
        ("import tensorflow.lite as tflite", "tflite.Interpreter('m')", "edgekit.interpreter"),
        ("import tensorflow as tf", "tf.lite.Interpreter('m')", "edgekit.interpreter.Interpreter"),
    ],
)
def test_modules_of_tensorflow_under_other_names_are_told(line: str, use: str, said: str) -> None:
    source = f"{line}\n{use}\n".encode()
    rewritten, changes = migrate(source, "a.py")
    assert rewritten == source
    (change,) = changes
    assert change.by_hand and change.line == 2 and said in change.text("a.py")


def test_what_a_module_under_another_name_has_in_keras_is_rewritten() -> None:
    source = b"import tensorflow.math as tm\ny = tm.reduce_mean(x)\n"
    assert migrate(source)[0] == b"from edgekit import keras\ny = keras.ops.mean(x)\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import tflite_runtime.interpreter as tflite", "import edgekit.interpreter as tflite"),
        (
            "from ai_edge_litert.interpreter import Interpreter, load_delegate as load",
            "from edgekit.interpreter import Interpreter, load_delegate as load",
        ),
        (
            "from tensorflow.lite.python.interpreter import Interpreter",
            "from edgekit.interpreter import Interpreter",
        ),
    ],
)
def test_scripts_of_tflite_runtime(source: str, expected: str) -> None:
    rewritten, changes = migrate(source.encode())
    assert rewritten.decode() == expected
    assert not any(change.by_hand for change in changes)


def test_imports_of_a_runtime_that_are_left() -> None:
    for line in ("from {} import InterpreterWithCustomOps\n", "import {}\n"):
        source = line.format("tflite_runtime.interpreter").encode()
        rewritten, (change,) = migrate(source)
        assert rewritten == source and change.by_hand


@pytest.mark.parametrize(
    "source",
    [
        b"# coding: klingon\nimport keras\n",
        b"\xfc\x00EDGK no script at all",
        b"x = 1\0\n",
        b"# coding: rot13\nimport keras\n",
    ],
)
def test_what_is_no_python_is_refused(source: bytes) -> None:
    with pytest.raises(InputError, match=r"bad.py:\d+: not Python that can be read"):
        migrate(source, "bad.py")


def test_notebooks_are_refused() -> None:
    """They are JSON, which is a Python expression, and would be found to need no change."""
    notebook = b'{"cells": [{"cell_type": "code", "source": ["import keras"]}], "nbformat": 4}'
    for name in ("a.ipynb", "b.py"):
        with pytest.raises(InputError, match=f"{name} is a notebook; .* nbconvert --to script"):
            migrate(notebook, name)


def test_the_command_reports_and_writes_only_when_told(tmp_path, capsys):
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text("import keras\nkeras.Model\n")
    bad.write_text("import tensorflow as tf\ntf.Session()\n")
    assert main(["migrate", str(good)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [f"{good}:1: import keras -> from edgekit import keras",
                    "1 places to change, 0 left to do by hand"]  # fmt: skip
    assert good.read_text() == "import keras\nkeras.Model\n"
    assert main(["migrate", str(good), str(bad), "--write"]) == 1
    assert f"{bad}:2: by hand: tf.Session -> no sessions here;" in capsys.readouterr().out
    assert good.read_text() == "from edgekit import keras\nkeras.Model\n"
    bad.write_text("def (:\n")
    good.write_text("import keras\n")
    assert main(["migrate", str(good), str(bad), "--write"]) == 2
    assert good.read_text() == "import keras\n", "no file is written when one cannot be read"


def test_the_page_shows_what_the_command_prints(tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs" / "migrating.md").read_text()
    script = page.partition("```python\n")[2].partition("```")[0]
    shown = page.partition("$ edgekit migrate train.py\n")[2].partition("```")[0]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(script)
    assert main(["migrate", "train.py"]) == 1
    assert capsys.readouterr().out == shown
