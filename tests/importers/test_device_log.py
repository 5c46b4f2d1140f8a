"""A microcontroller's own log: MLPerf Tiny v0.5 on a Nucleo-L4R5ZI, keyword spotting.

The device ran TensorFlow Lite Micro and printed each score cut to three decimals. LiteRT's
reference kernels give 991 of its 1000 rows and the published 90.1 %; so must `fixedpoint`.
"""

from __future__ import annotations

import zipfile

import numpy as np

from edgekit.interpreter import Interpreter
from tests.material import material

ROWS, ACCURACY = 0.991, 0.901


def test_keyword_spotting_repeats_the_log_of_a_device() -> None:
    log = np.load(material("data/mlperf_device_results/mlperf_dev_kws.npz"))
    model = Interpreter(
        material("tflite/mlperf_tiny/kws_ref_model.tflite"), arithmetic="fixedpoint"
    )
    with zipfile.ZipFile(material("data/kws01/kws01.zip")) as archive:
        files = {name.rsplit("/", 1)[-1]: name for name in archive.namelist()}
        sounds = [np.frombuffer(archive.read(files[name]), np.int8) for name in log["names"]]
    scores = [next(iter(model.run(s.reshape(1, 49, 10, 1)).values()))[0] for s in sounds]
    printed = np.floor((np.array(scores, np.float64) + 128) / 256 * 1000) / 1000
    same = np.isclose(printed, log["results"], rtol=0, atol=1e-6).all(axis=1)
    assert same.mean() >= ROWS
    assert np.mean(np.argmax(scores, axis=1) == log["y"]) == ACCURACY
