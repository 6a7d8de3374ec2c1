"""What Keras and torchvision left is found, verified and said, or passed over where it is wrong."""

from __future__ import annotations

import gzip
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from smalti.data import builtin
from smalti.data.downloads import DownloadError
from smalti.data.layouts import IDX_FILES
from smalti.data.load import load_data
from smalti.data.published import PUBLISHED, Archive
from smalti.errors import SmaltiError
from tests.data.published_sets import (
    cifar100_batches,
    cifar_archive,
    cifar_batches,
    idx,
    save_npz,
    tar_gz,
    tiny_arrays,
    tiny_published,
)
from tests.data.test_pickles import Touch


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be downloaded, and let the tiny sets be the published ones."""
    for name in ("mnist", "fashion-mnist", "cifar10", "cifar100"):
        monkeypatch.setitem(PUBLISHED, name, tiny_published(name, "https://data.invalid")[0])

    def fetch(archive: Archive, folder: Path) -> Path:
        raise DownloadError(archive, "no connection to data.invalid")

    monkeypatch.setattr(builtin, "fetch", fetch)


def left(root: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def idx_files(name: str, folder: str, ending: str = ".gz") -> dict[str, bytes]:
    packed = {
        file: idx(array) for file, array in zip(IDX_FILES, tiny_arrays(name).values(), strict=True)
    }
    contents = packed if ending else {k: gzip.decompress(v) for k, v in packed.items()}
    return {f"{folder}/{file}{ending}": body for file, body in contents.items()}


def batches(name: str, folder: str) -> dict[str, bytes]:
    made = (cifar_batches if name == "cifar10" else cifar100_batches)(tiny_arrays(name))
    return {f"{folder}/{file}": body for file, body in made.items()}


def python_archive(name: str, file: str) -> dict[str, bytes]:
    folder = "cifar-10-batches-py" if name == "cifar10" else "cifar-100-python"
    return {file: tar_gz(batches(name, folder))}


KERAS, TORCHVISION = "keras/datasets", "data"


def leavings() -> dict[str, tuple[str, str, str, Callable[[], dict[str, bytes]]]]:
    """Set, root, what is said to be found there, and the files that are left."""
    ten, hundred = "cifar-10-batches-py", "cifar-100-python"
    return {
        "Keras: Fashion-MNIST": (
            "fashion-mnist", KERAS, "fashion-mnist",
            lambda: idx_files("fashion-mnist", "fashion-mnist"),
        ),
        "Keras 2: CIFAR-10": ("cifar10", KERAS, ten, lambda: batches("cifar10", ten)),
        "Keras 3: CIFAR-10": (
            "cifar10", KERAS, f"{ten}-target/{ten}",
            lambda: batches("cifar10", f"{ten}-target/{ten}"),
        ),
        "Keras 2: CIFAR-10 archive": (
            "cifar10", KERAS, f"{ten}.tar.gz", lambda: python_archive("cifar10", f"{ten}.tar.gz"),
        ),
        "Keras 3: CIFAR-10 archive": (
            "cifar10", KERAS, f"{ten}-target_archive",
            lambda: python_archive("cifar10", f"{ten}-target_archive"),
        ),
        "Keras 2: CIFAR-100": ("cifar100", KERAS, hundred, lambda: batches("cifar100", hundred)),
        "Keras 3: CIFAR-100": (
            "cifar100", KERAS, f"{hundred}-target/{hundred}",
            lambda: batches("cifar100", f"{hundred}-target/{hundred}"),
        ),
        "Keras 3: CIFAR-100 archive": (
            "cifar100", KERAS, f"{hundred}-target_archive",
            lambda: python_archive("cifar100", f"{hundred}-target_archive"),
        ),
        "torchvision: MNIST": (
            "mnist", TORCHVISION, "MNIST/raw", lambda: idx_files("mnist", "MNIST/raw", ""),
        ),
        "torchvision: MNIST, packed": (
            "mnist", TORCHVISION, "MNIST/raw", lambda: idx_files("mnist", "MNIST/raw"),
        ),
        "torchvision: Fashion-MNIST": (
            "fashion-mnist", TORCHVISION, "FashionMNIST/raw",
            lambda: idx_files("fashion-mnist", "FashionMNIST/raw", ""),
        ),
        "torchvision: CIFAR-10": ("cifar10", TORCHVISION, ten, lambda: batches("cifar10", ten)),
        "torchvision: CIFAR-10 archive": (
            "cifar10", TORCHVISION, "cifar-10-python.tar.gz",
            lambda: python_archive("cifar10", "cifar-10-python.tar.gz"),
        ),
        "torchvision: CIFAR-100": (
            "cifar100", TORCHVISION, hundred, lambda: batches("cifar100", hundred),
        ),
        "torchvision: CIFAR-100 archive": (
            "cifar100", TORCHVISION, "cifar-100-python.tar.gz",
            lambda: python_archive("cifar100", "cifar-100-python.tar.gz"),
        ),
    }  # fmt: skip


@pytest.mark.parametrize(("name", "root", "found", "files"), leavings().values(), ids=leavings())
def test_what_other_programs_left_is_used_and_said(
    name: str,
    root: str,
    found: str,
    files: Callable[[], dict[str, bytes]],
    tmp_path: Path,
    said: pytest.LogCaptureFixture,
) -> None:
    left(tmp_path / root, files())
    data = load_data(name)
    test = tiny_arrays(name)["x_test"]
    assert (data.part("test").pictures().reshape(test.shape) == test).all()
    whose = "Keras" if root == KERAS else "torchvision"
    where = (tmp_path / root if root == KERAS else Path(root)) / found
    line = f"{name}: found in {where}, where {whose} left it; its content verified."
    assert said.messages.count(line) == 1
    said.clear()
    load_data(name)  # from our own cache now
    assert said.text == ""


def test_kerass_mnist(tmp_path: Path, said: pytest.LogCaptureFixture) -> None:
    (tmp_path / KERAS).mkdir(parents=True)
    path = save_npz(tmp_path / KERAS, "mnist")
    assert load_data("mnist").fingerprint == PUBLISHED["mnist"].fingerprint
    assert f"found in {path}, where Keras left it" in said.text


def test_keras_is_looked_for_in_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".keras/datasets").mkdir(parents=True)
    save_npz(tmp_path / ".keras/datasets", "mnist")
    assert len(load_data("mnist").part("test")) == 20


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "cifar10", "cifar100"])
def test_any_root_of_torchvision_can_be_given(
    name: str, tmp_path: Path, said: pytest.LogCaptureFixture
) -> None:
    root = tmp_path / "somewhere"
    files = {
        "mnist": lambda: idx_files("mnist", "MNIST/raw", ""),
        "fashion-mnist": lambda: idx_files("fashion-mnist", "FashionMNIST/raw", ""),
        "cifar10": lambda: batches("cifar10", "cifar-10-batches-py"),
        "cifar100": lambda: batches("cifar100", "cifar-100-python"),
    }
    left(root, files[name]())
    assert load_data(name, data_dir=root).split == "official split"
    assert f"{name}: found in {root}/" in said.text
    assert "left it" not in said.text


def test_the_users_own_folder_comes_before_those_of_others(
    tmp_path: Path, said: pytest.LogCaptureFixture
) -> None:
    left(tmp_path / TORCHVISION, idx_files("mnist", "MNIST/raw", ""))
    left(tmp_path / "own", idx_files("mnist", "mnist"))
    load_data("mnist", data_dir=tmp_path / "own")
    assert f"found in {tmp_path}/own/mnist; its content verified" in said.text


def test_wrong_files_of_others_are_passed_over(
    tmp_path: Path, said: pytest.LogCaptureFixture
) -> None:
    (tmp_path / KERAS).mkdir(parents=True)
    path = save_npz(tmp_path / KERAS, "mnist", x_test=tiny_arrays("mnist")["x_test"] ^ 1)
    left(tmp_path / TORCHVISION, idx_files("mnist", "MNIST/raw", ""))
    assert load_data("mnist").fingerprint == PUBLISHED["mnist"].fingerprint
    assert f"mnist: passed over. {path} is not mnist as it was published: its x_test" in said.text
    assert "where torchvision left it" in said.text


def test_half_of_the_files_are_none(tmp_path: Path) -> None:
    files = idx_files("mnist", "MNIST/raw", "")
    files.popitem()
    left(tmp_path / TORCHVISION, files)
    with pytest.raises(SmaltiError, match="is not on this machine"):
        load_data("mnist")


def trapped(folder: str, trap: Path) -> dict[str, bytes]:
    """Return CIFAR-10's batches, one of them a pickle that makes a folder when loaded as usual."""
    files = batches("cifar10", folder)
    batch = {"data": np.zeros((1, 3072), np.uint8), "labels": Touch(trap)}
    return {**files, f"{folder}/data_batch_3": pickle.dumps(batch, protocol=2)}


def test_a_malicious_pickle_is_refused_in_one_sentence(tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    left(tmp_path / "own", trapped("cifar-10-batches-py", trap))
    with pytest.raises(SmaltiError) as caught:
        load_data("cifar10", data_dir=tmp_path / "own")
    assert not trap.exists()
    path = tmp_path / "own/cifar-10-batches-py/data_batch_3"
    assert caught.value.problem.startswith(f"{path} is refused: it is a pickle that asks for")
    assert caught.value.exit_code == 2


def test_a_malicious_pickle_that_another_program_left_is_passed_over(
    tmp_path: Path, said: pytest.LogCaptureFixture
) -> None:
    trap = tmp_path / "sprung"
    left(tmp_path / KERAS, trapped("cifar-10-batches-py", trap))
    archive = cifar_archive(tiny_arrays("cifar10"))
    left(tmp_path / TORCHVISION, {"cifar-10-binary.tar.gz": archive})
    assert len(load_data("cifar10").part("test")) == 20
    assert not trap.exists()
    assert said.text.count("cifar10: passed over.") == 1
    assert "is refused: it is a pickle" in said.text


def test_nothing_is_written_where_others_keep_their_files(tmp_path: Path) -> None:
    left(tmp_path / KERAS, batches("cifar10", "cifar-10-batches-py"))
    before = sorted((tmp_path / "keras").rglob("*"))
    load_data("cifar10")
    assert sorted((tmp_path / "keras").rglob("*")) == before
