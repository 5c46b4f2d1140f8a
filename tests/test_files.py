"""A file is written whole or not at all, whatever goes wrong on the way."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from edgekit import files
from edgekit.errors import InputError
from edgekit.files import replacing


def write(path: Path, data: bytes) -> None:
    with replacing(path) as file:
        file.write(data)


def test_a_new_file_appears(tmp_path: Path) -> None:
    write(tmp_path / "a.bin", b"new")
    assert (tmp_path / "a.bin").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_an_old_file_is_replaced_only_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_what_is_written_can_be_read_and_sought(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.bin") as file:
        file.write(b"abc")
        file.seek(1)
        assert file.read() == b"bc"
        file.seek(0)
        file.write(b"X")
    assert (tmp_path / "a.bin").read_bytes() == b"Xbc"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: type) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(error), replacing(path) as file:
        file.write(b"half")
        raise error
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, step, full)
    with pytest.raises(InputError, match="a.bin cannot be written: No space left on device; what"):
        write(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_a_disk_that_is_truly_full(tmp_path: Path) -> None:
    """A limit on the size of files makes the system refuse in the middle of a write."""
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(InputError, match="a.bin cannot be written"):
            write(path, bytes(2**20))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written: No such file or directory"):
        write(tmp_path / "none" / "a.bin", b"new")


def test_a_folder_and_a_device_are_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a regular file"):
        write(tmp_path, b"new")
    with pytest.raises(InputError, match="is not a regular file"):
        write(Path("/dev/null"), b"new")
    assert os.listdir(tmp_path) == []


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.bin").write_bytes(b"old")
    (tmp_path / "link.bin").symlink_to("real.bin")
    write(tmp_path / "link.bin", b"new")
    assert (tmp_path / "link.bin").is_symlink()
    assert (tmp_path / "real.bin").read_bytes() == b"new"


def test_permissions_are_kept_or_those_of_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    old = os.umask(0o027)
    try:
        write(path, b"new")
        assert path.stat().st_mode & 0o777 == 0o640
        path.chmod(0o604)
        write(path, b"newer")
        assert path.stat().st_mode & 0o777 == 0o604
    finally:
        os.umask(old)


def test_a_write_protected_file_stays(tmp_path: Path) -> None:
    """Also where the folder, or who runs this, would allow to replace it."""
    path = tmp_path / "released.edge"
    path.write_bytes(b"released")
    path.chmod(0o444)
    with pytest.raises(InputError, match=r"released\.edge is write-protected"), replacing(path):
        pytest.fail("nothing is written first")
    assert path.read_bytes() == b"released"
    assert [one.name for one in tmp_path.iterdir()] == ["released.edge"]
