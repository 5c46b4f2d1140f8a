"""Data sets: read from files we make, fetched from a server on this machine, checked, cached."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import tarfile
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

from edgekit.errors import InputError
from edgekit.keras.utils import get_file
from edgekit.train.datasets import cifar10, download, fashion_mnist, mnist

RANDOM = np.random.default_rng(0)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A web server on this machine, whose pages are a dict; the cache is a temporary folder."""
    pages = {}
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            data = pages.get(self.path.lstrip("/"))
            self.send_response(404 if data is None else 200)
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, *_):
            pass

    serving = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("EDGEKIT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield f"http://127.0.0.1:{serving.server_port}/", pages, asked
    serving.shutdown()
    thread.join()
    serving.server_close()


def remote(base, pages, name, data):
    """Put a page on the server; returns the entry that leads there."""
    pages[name] = data
    return download.RemoteFile(name, base + name, hashlib.sha256(data).hexdigest())


def test_mnist(server, monkeypatch):
    base, pages, asked = server
    arrays = {
        "x_train": RANDOM.integers(0, 256, (6, 28, 28), np.uint8),
        "y_train": RANDOM.integers(0, 10, 6, np.uint8),
        "x_test": RANDOM.integers(0, 256, (2, 28, 28), np.uint8),
        "y_test": RANDOM.integers(0, 10, 2, np.uint8),
    }
    file = io.BytesIO()
    np.savez(file, **arrays)
    monkeypatch.setattr(mnist, "FILE", remote(base, pages, "mnist.npz", file.getvalue()))
    for _ in range(2):
        (x, y), (x_test, y_test) = mnist.load_data()
        np.testing.assert_array_equal(x, arrays["x_train"])
        np.testing.assert_array_equal(y, arrays["y_train"])
        np.testing.assert_array_equal(x_test, arrays["x_test"])
        np.testing.assert_array_equal(y_test, arrays["y_test"])
    assert asked == ["/mnist.npz"]
    assert [p.name for p in download.cache_folder().iterdir()] == ["mnist.npz"]


def test_objects_in_a_file_are_refused(server, monkeypatch):
    base, pages, _ = server
    file = io.BytesIO()
    np.savez(file, x_train=np.array([{}], dtype=object))
    monkeypatch.setattr(mnist, "FILE", remote(base, pages, "mnist.npz", file.getvalue()))
    with pytest.raises(ValueError, match="allow_pickle"):
        mnist.load_data()


def idx(array):
    head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return gzip.compress(head + array.tobytes(), mtime=0)


def test_fashion_mnist(server, monkeypatch):
    base, pages, _ = server
    arrays = [RANDOM.integers(0, 256, shape, np.uint8) for shape in
              ((5, 28, 28), (5,), (3, 28, 28), (3,))]  # fmt: skip
    files = [remote(base, pages, f"{i}.gz", idx(a)) for i, a in enumerate(arrays)]
    monkeypatch.setattr(fashion_mnist, "FILES", files)
    (x, y), (x_test, y_test) = fashion_mnist.load_data()
    for ours, expected in zip((x, y, x_test, y_test), arrays, strict=True):
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"text", "is not a gzip file"),
        (gzip.compress(b"abcdefgh"), "is not an IDX file"),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x09123"), r"declares the shape \(9,\)"),
        (gzip.compress(b"\0\0\x08\x03\0\0"), "ends within its header"),
    ],
    ids=["text", "gzip", "short", "header"],
)
def test_damaged_idx_files_are_refused(tmp_path, data, message):
    path = tmp_path / "a.gz"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message):
        fashion_mnist.read_idx(path)


def cifar_archive(names, records):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, data in zip(names, records, strict=True):
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return file.getvalue()


def test_cifar10(server, monkeypatch):
    base, pages, _ = server
    names = [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]
    images = RANDOM.integers(0, 256, (6, 2, 32, 32, 3), np.uint8)
    labels = RANDOM.integers(0, 10, (6, 2, 1), np.uint8)
    records = [
        np.concatenate([label, image.transpose(0, 3, 1, 2).reshape(2, -1)], axis=1).tobytes()
        for label, image in zip(labels, images, strict=True)
    ]
    file = remote(base, pages, "cifar.tar.gz", cifar_archive(names, records))
    monkeypatch.setattr(cifar10, "FILE", file)
    (x, y), (x_test, y_test) = cifar10.load_data()
    np.testing.assert_array_equal(x, images[:5].reshape(10, 32, 32, 3))
    np.testing.assert_array_equal(y, labels[:5].reshape(10, 1))
    np.testing.assert_array_equal(x_test, images[5])
    np.testing.assert_array_equal(y_test, labels[5])


@pytest.mark.parametrize(
    "data",
    [b"no archive", cifar_archive(["data_batch_1.bin"], [b"abc"])],
    ids=["text", "archive"],
)
def test_damaged_archives_are_refused(server, monkeypatch, data):
    base, pages, _ = server
    monkeypatch.setattr(cifar10, "FILE", remote(base, pages, "cifar.tar.gz", data))
    with pytest.raises(InputError, match="cannot be read|whole records"):
        cifar10.load_data()


def test_another_file_is_not_kept(server):
    base, pages, _ = server
    file = remote(base, pages, "a.bin", b"good")
    pages["a.bin"] = b"evil"
    with pytest.raises(InputError, match=f"expected {file.digest}; it was not kept"):
        download.fetch(file)
    assert list(download.cache_folder().iterdir()) == []


def test_a_changed_file_in_the_cache_is_said(server):
    base, pages, _ = server
    file = remote(base, pages, "a.bin", b"good")
    download.fetch(file).write_bytes(b"changed")
    with pytest.raises(InputError, match="Delete it to download it again"):
        download.fetch(file)


def test_without_a_network_the_message_says_where_to_put_the_file(server):
    base, _, _ = server
    file = download.RemoteFile("a.bin", base + "missing", "0" * 64)
    expected = download.cache_folder() / "a.bin"
    with pytest.raises(InputError) as caught:
        download.fetch(file)
    for part in (file.url, str(expected), "0" * 64, "put it at"):
        assert part in str(caught.value)
    assert list(download.cache_folder().iterdir()) == []


def test_the_cache_is_in_the_home_folder_by_default(monkeypatch, tmp_path):
    monkeypatch.delenv("EDGEKIT_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert download.cache_folder() == tmp_path / ".edgekit" / "datasets"


def test_get_file_downloads_once_and_unpacks_once(server, tmp_path):
    base, pages, asked = server
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inner/a.txt", "hello")
    pages["words.zip"] = packed.getvalue()
    for _ in range(2):
        folder = get_file("words.zip", base + "words.zip", extract=True)
        assert (Path(folder) / "inner" / "a.txt").read_text() == "hello"
    assert asked == ["/words.zip"]
    pages["b.bin"] = b"content"
    digests = (hashlib.md5(b"content").hexdigest(), hashlib.sha256(b"content").hexdigest())
    for digest in digests:
        path = get_file("b.bin", base + "b.bin", file_hash=digest, cache_dir=tmp_path / "own")
        assert Path(path) == tmp_path / "own" / "datasets" / "b.bin"
    with pytest.raises(InputError, match=f"expected {'0' * 32}"):
        get_file("b.bin", base + "b.bin", md5_hash="0" * 32, cache_dir=tmp_path / "own")
    with pytest.raises(InputError, match="put it at"):
        get_file("none.bin", base + "none.bin")
