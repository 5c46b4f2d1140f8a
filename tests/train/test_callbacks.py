"""Callbacks: when each acts, what it leaves behind."""

from __future__ import annotations

import csv
import http.server
import json
import struct
import threading

import numpy as np
import pytest

from edgekit.errors import EdgekitError, InputError
from edgekit.train import Sequential, callbacks, layers, load_model, metrics, optimizers

X = np.random.default_rng(0).normal(size=(32, 3)).astype(np.float32)
Y = X[:, :1]


def model(rate=0.1):
    made = Sequential([layers.Input((3,)), layers.Dense(1, kernel_initializer="zeros")])
    made.compile(optimizers.SGD(rate), "mse", metrics=["mae"])
    return made


class Scripted(callbacks.Callback):
    """Puts its own numbers into the logs, so that what follows is known."""

    def __init__(self, values):
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = self.values[epoch]


def run(values, *watchers, epochs=None, rate=0.1):
    made = model(rate)
    history = made.fit(
        X, Y, epochs=epochs or len(values), verbose=0, callbacks=[Scripted(values), *watchers]
    )
    return made, history


@pytest.mark.parametrize(
    ("options", "epochs"),
    [
        ({"patience": 2}, 5),
        ({"patience": 0}, 4),
        ({"patience": 2, "min_delta": 0.5}, 4),
        ({"patience": 1, "start_from_epoch": 3}, 5),
        ({"patience": 2, "baseline": 0.1}, 4),
        ({"patience": 2, "baseline": 1.4}, 5),
        ({"patience": 2, "mode": "max"}, 3),
    ],
)
def test_early_stopping(options, epochs):
    _, history = run([3.0, 1.5, 1.2, 1.3, 1.4, 1.0], callbacks.EarlyStopping(**options))
    assert len(history.epoch) == epochs


def test_early_stopping_restores_the_best_weights(capsys):
    kept = []

    class Keep(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            kept.append(self.model.get_weights())

    stop = callbacks.EarlyStopping(patience=2, restore_best_weights=True, verbose=1)
    made, _ = run([3.0, 1.0, 2.0, 2.0, 2.0], Keep(), stop)
    for best, now, last in zip(kept[1], made.get_weights(), kept[-1], strict=True):
        np.testing.assert_array_equal(now, best)
        assert not np.array_equal(now, last)
    assert "Epoch 4: early stopping" in capsys.readouterr().out


def test_a_metric_that_is_not_there_is_said():
    with pytest.warns(UserWarning, match="watches 'val_acc', which this epoch did not measure"):
        model().fit(X, Y, verbose=0, callbacks=[callbacks.EarlyStopping("val_acc")])


def test_model_checkpoint(tmp_path):
    pytest.importorskip("h5py")
    best = callbacks.ModelCheckpoint(tmp_path / "best.keras", save_best_only=True)
    every = callbacks.ModelCheckpoint(str(tmp_path / "m-{epoch:02d}-{val_loss:.1f}.keras"))
    weights = callbacks.ModelCheckpoint(
        tmp_path / "w.weights.h5", save_weights_only=True, save_freq=2
    )
    made, _ = run([3.0, 1.0, 2.0], best, every, weights)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["best.keras", "m-01-3.0.keras", "m-02-1.0.keras", "m-03-2.0.keras",
                     "w.weights.h5"]  # fmt: skip
    second = load_model(tmp_path / "m-02-1.0.keras").get_weights()
    for a, b in zip(load_model(tmp_path / "best.keras").get_weights(), second, strict=True):
        np.testing.assert_array_equal(a, b)
    # steps are one per epoch: the last even one is the second
    made.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(made.get_weights()[0], second[0])


def test_reduce_on_plateau():
    reduce = callbacks.ReduceLROnPlateau(factor=0.5, patience=2, min_lr=0.03)
    made, history = run([1.0] * 10, reduce, rate=0.1)
    expected = [0.1, 0.1, 0.1, 0.05, 0.05, 0.03, 0.03, 0.03, 0.03, 0.03]
    np.testing.assert_allclose(history.history["learning_rate"], expected, rtol=1e-6)
    assert float(made.optimizer.learning_rate) == np.float32(0.03)


def test_cooldown_waits():
    reduce = callbacks.ReduceLROnPlateau(factor=0.5, patience=1, cooldown=2)
    _, history = run([1.0] * 6, reduce, rate=0.4)
    expected = [0.4, 0.4, 0.2, 0.2, 0.1, 0.1]
    np.testing.assert_allclose(history.history["learning_rate"], expected, rtol=1e-6)


def test_learning_rate_scheduler():
    _, history = run([1.0] * 3, callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2))
    np.testing.assert_allclose(history.history["learning_rate"], [0.05, 0.025, 0.0125], rtol=1e-6)
    with pytest.raises(InputError, match="must return a number"):
        run([1.0], callbacks.LearningRateScheduler(lambda epoch, rate: None))


def test_csv_logger(tmp_path):
    path = tmp_path / "log.csv"
    run([3.0, 2.0], callbacks.CSVLogger(path))
    run([1.0], callbacks.CSVLogger(path, append=True))
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1", "0"]
    assert [float(row["val_loss"]) for row in rows] == [3.0, 2.0, 1.0]
    assert set(rows[0]) == {"epoch", "loss", "mae", "val_loss"}
    path = tmp_path / "plain.csv"
    model().fit(X, Y, epochs=2, verbose=0, callbacks=[callbacks.CSVLogger(path, separator=";")])
    lines = path.read_text().splitlines()
    assert lines[0] == "epoch;loss;mae;val_loss;val_mae" and lines[2].endswith(";NA;NA")


class Speeds(callbacks.Callback):
    """Puts a number that no metric of the model gives into the logs."""

    def on_epoch_end(self, epoch, logs=None):
        logs["val_speed"] = float(epoch)


def test_the_metric_says_which_way_is_better():
    watch = callbacks.EarlyStopping("val_mae")
    made = model()
    made.fit(X, Y, verbose=0, epochs=3, validation_split=0.5, callbacks=[watch])
    assert watch._grows is False
    auc = Sequential([layers.Input((3,)), layers.Dense(1, activation="sigmoid")])
    auc.compile("sgd", "mse", metrics=[metrics.AUC(name="area"), metrics.MeanSquaredError("high")])
    for name, grows in (("area", True), ("val_area", True), ("high", False), ("val_loss", False)):
        watch = callbacks.EarlyStopping(name)
        auc.fit(X, Y > 0, verbose=0, validation_split=0.5, callbacks=[watch])
        assert watch._grows is grows, name
    with pytest.warns(UserWarning, match="taken for 'auto'"):
        assert callbacks.EarlyStopping(mode="up").mode == "auto"
    found = model().fit(
        X,
        Y,
        verbose=0,
        epochs=3,
        callbacks=[Speeds(), callbacks.EarlyStopping("val_speed", mode="min")],
    )
    assert found.epoch == [0, 1]


def test_checkpoints_between_epochs_and_from_a_threshold(tmp_path):
    pytest.importorskip("h5py")
    every = callbacks.ModelCheckpoint(
        tmp_path / "deep" / "{epoch}-{batch}.weights.h5", save_freq=3, save_weights_only=True
    )
    strict = callbacks.ModelCheckpoint(
        tmp_path / "best.keras", save_best_only=True, initial_value_threshold=0.5
    )
    made = model()
    made.fit(
        X, Y, batch_size=8, epochs=2, verbose=0, callbacks=[Scripted([0.6, 0.4]), every, strict]
    )
    # four batches an epoch
    assert sorted(p.name for p in (tmp_path / "deep").iterdir()) == [
        "1-3.weights.h5", "2-2.weights.h5",
    ]  # fmt: skip
    assert strict.best == 0.4 and (tmp_path / "best.keras").exists()
    (tmp_path / "folder.keras").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        made.fit(X, Y, verbose=0, callbacks=[callbacks.ModelCheckpoint(tmp_path / "folder.keras")])


def test_averages_are_evaluated_and_saved():
    made = model()
    made.compile(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), "mse")
    seen = []

    class Look(callbacks.Callback):
        def on_test_batch_begin(self, batch, logs=None):
            seen.append(made.get_weights()[0].copy())

        def on_epoch_end(self, epoch, logs=None):
            seen.append(made.get_weights()[0].copy())

    look = Look()
    made.fit(X, Y, batch_size=16, verbose=0, validation_data=(X, Y),
             callbacks=[callbacks.SwapEMAWeights(), look])  # fmt: skip
    averaged, trained = seen[0], seen[-1]
    assert not np.array_equal(averaged, trained)
    # at the end of fit the weights are the averages
    np.testing.assert_array_equal(made.get_weights()[0], averaged)
    swapping = callbacks.SwapEMAWeights(swap_on_epoch=True)
    seen.clear()
    made.fit(X, Y, batch_size=16, verbose=0, epochs=2, callbacks=[swapping, look])
    np.testing.assert_array_equal(made.get_weights()[0], seen[-1])


def test_a_list_of_callbacks_of_ones_own():
    told = []
    first = callbacks.LambdaCallback(
        on_batch_end=lambda batch, logs: told.append(("old name", batch, logs)),
        on_epoch_end=lambda epoch, logs: told.append((epoch, logs)),
    )
    made = model()
    listed = callbacks.CallbackList([first], add_history=True, model=made, epochs=3)
    listed.on_train_begin()
    listed.on_train_batch_end(4, {"loss": 1.0})
    listed.on_epoch_end(0, {"loss": 2.0})
    assert told == [("old name", 4, {"loss": 1.0}), (0, {"loss": 2.0})]
    assert listed.history.history == {"loss": [2.0]}
    assert first.model is made and first.params == {"epochs": 3}
    made.fit(X, Y, verbose=0, callbacks=listed)
    assert listed.history.epoch == [0] and len(listed.history.history["loss"]) == 2


def test_the_old_names_of_batch_events():
    told = []

    class Old(callbacks.Callback):
        def on_batch_begin(self, batch, logs=None):
            told.append(("begin", batch))

        def on_batch_end(self, batch, logs=None):
            told.append(("end", batch, sorted(logs)))

    model().fit(X, Y, batch_size=16, verbose=0, callbacks=Old())
    assert told == [("begin", 0), ("end", 0, ["loss", "mae"]), ("begin", 1),
                    ("end", 1, ["loss", "mae"])]  # fmt: skip


def test_progress_as_a_callback(capsys):
    history = model().fit(X, Y, epochs=2, verbose=0, callbacks=[callbacks.ProgbarLogger()])
    shown = capsys.readouterr()
    assert "Epoch 2/2" in shown.out + shown.err and history.epoch == [0, 1]


def test_history_as_a_figure(tmp_path):
    pytest.importorskip("matplotlib")
    history = model().fit(X, Y, epochs=3, verbose=0, validation_split=0.25)
    figure = history.plot(path=tmp_path / "history.png")
    panels = figure.get_axes()
    assert [p.get_legend_handles_labels()[1] for p in panels] == [
        ["loss", "val_loss"], ["mae", "val_mae"],
    ]  # fmt: skip
    np.testing.assert_array_equal(panels[0].lines[0].get_ydata(), history.history["loss"])
    np.testing.assert_array_equal(panels[0].lines[0].get_xdata(), [1, 2, 3])
    assert (tmp_path / "history.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(InputError, match="nothing to plot for"):
        history.plot(["acuracy"])


def events_in(folder):
    """(step, tag, value) of all scalars, and the tags of all else, in the event files there."""
    event_pb2 = pytest.importorskip("tensorboardX.proto.event_pb2")
    scalars, others = [], set()
    for path in sorted(folder.glob("events*")):
        data, at = path.read_bytes(), 0
        while at < len(data):
            size = struct.unpack_from("<Q", data, at)[0]
            event = event_pb2.Event.FromString(data[at + 12 : at + 12 + size])
            at += size + 16  # the length and its checksum, the record and its checksum
            for value in event.summary.value:
                if value.HasField("simple_value"):
                    scalars.append((event.step, value.tag, value.simple_value))
                else:
                    others.add(value.tag)
    return scalars, others


def test_tensorboard(tmp_path):
    pytest.importorskip("tensorboardX")
    board = callbacks.TensorBoard(
        tmp_path, histogram_freq=1, write_images=True, update_freq=2, write_steps_per_second=True
    )
    history = model(0.25).fit(
        X, Y, batch_size=8, epochs=2, verbose=0, validation_split=0.5, callbacks=[board]
    ).history  # fmt: skip
    scalars, others = events_in(tmp_path / "train")
    for tag, name in (("epoch_loss", "loss"), ("epoch_mae", "mae")):
        found = [(step, value) for step, t, value in scalars if t == tag]
        assert found == [(i, pytest.approx(v)) for i, v in enumerate(history[name])]
    assert [v for _, t, v in scalars if t == "epoch_learning_rate"] == [0.25, 0.25]
    # two batches an epoch: every second one
    assert [step for step, t, _ in scalars if t == "batch_loss"] == [2, 4]
    assert {"epoch_steps_per_second", "batch_steps_per_second"} <= {t for _, t, _ in scalars}
    assert sum(tag.endswith(("/kernel/histogram", "/bias/histogram")) for tag in others) == 2
    # a bias of one element is no picture
    assert sum(tag.endswith("/kernel/image") for tag in others) == 1
    held, _ = events_in(tmp_path / "validation")
    assert [v for _, t, v in held if t == "epoch_loss"] == pytest.approx(history["val_loss"])
    assert [step for step, t, _ in held if t == "evaluation_loss_vs_iterations"] == [2, 4]


def test_remote_monitor():
    received = []

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.append((self.path, self.headers["Content-Type"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        root = f"http://127.0.0.1:{server.server_port}"
        monitor = callbacks.RemoteMonitor(root, path="/here", send_as_json=True)
        model().fit(X, Y, verbose=0, callbacks=[monitor])
        server.shutdown()
        thread.join()
    ((path, kind, body),) = received
    assert (path, kind) == ("/here", "application/json")
    assert json.loads(body).keys() == {"epoch", "loss", "mae"}
    with pytest.warns(UserWarning, match="did not take the metrics"):
        callbacks.RemoteMonitor(root).on_epoch_end(0, {"loss": 1.0})


def test_lambda_callback_and_the_order_of_events():
    told = []
    watcher = callbacks.LambdaCallback(
        on_train_begin=lambda logs: told.append("train"),
        on_epoch_begin=lambda epoch, logs: told.append(f"epoch {epoch}"),
        on_train_batch_end=lambda batch, logs: told.append(f"batch {batch} {'loss' in logs}"),
        on_test_begin=lambda logs: told.append("test"),
        on_epoch_end=lambda epoch, logs: told.append(sorted(logs)),
        on_train_end=lambda logs: told.append("end"),
    )
    model().fit(X, Y, batch_size=16, validation_split=0.25, verbose=0, callbacks=watcher)
    assert told == ["train", "epoch 0", "batch 0 True", "batch 1 True", "test",
                    ["loss", "mae", "val_loss", "val_mae"], "end"]  # fmt: skip
    with pytest.raises(InputError, match="there is no event on_epoch_ends"):
        callbacks.LambdaCallback(on_epoch_ends=print)


def test_terminate_on_nan(capsys):
    bad = X.copy()
    bad[:] = np.inf
    history = model().fit(
        bad, Y, epochs=4, batch_size=8, verbose=0, callbacks=[callbacks.TerminateOnNaN()]
    )
    assert history.epoch == [0]
    assert "Batch 0: invalid loss" in capsys.readouterr().out


def test_terminate_on_nan_can_raise():
    bad = np.full_like(X, np.inf)
    with pytest.raises(EdgekitError, match="batch 0: the loss is"):
        model().fit(bad, Y, verbose=0, callbacks=[callbacks.TerminateOnNaN(raise_error=True)])


def test_stop_training_ends_the_epoch():
    class Stop(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    made = model()
    made.fit(X, Y, batch_size=8, epochs=5, verbose=0, callbacks=[Stop()])
    assert int(made.optimizer.iterations) == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: callbacks.ModelCheckpoint("a.ckpt"), "must end in .keras"),
        (lambda: callbacks.ModelCheckpoint("a.keras", save_freq=0), "save_freq must be"),
        (lambda: run([1.0], callbacks.EarlyStopping("val_speed")), "pass mode='max'"),
        (lambda: callbacks.TensorBoard(update_freq=0), "update_freq must be"),
        (lambda: callbacks.RemoteMonitor("file:///").on_epoch_end(0, {}), "an HTTP address"),
        (
            lambda: model().evaluate(X, Y, verbose=0, callbacks=[callbacks.SwapEMAWeights()]),
            "use_ema=True",
        ),
        (lambda: callbacks.ReduceLROnPlateau(factor=1.5), "factor below 1"),
        (lambda: callbacks.ReduceLROnPlateau(epsilom=1), "has no argument epsilom"),
        (lambda: run([1.0], callbacks.ModelCheckpoint("{val_acc}.keras")), "filepath names"),
    ],
)
def test_wrong_arguments_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
