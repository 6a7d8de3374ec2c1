"""The inventory says where each built-in set is without opening it."""

from __future__ import annotations

from pathlib import Path

import pytest

from smalti.data import inventory
from smalti.data.inventory import available, cache_size
from smalti.data.layouts import IDX_FILES
from smalti.data.load import load_data
from smalti.names import DATASETS


def by_name(data_dir: Path | None = None) -> dict[str, inventory.Available]:
    return {item.name: item for item in available(data_dir)}


def test_nothing_is_here_but_digits() -> None:
    sets = by_name()
    assert list(sets) == list(DATASETS)
    assert [name for name, item in sets.items() if item.here] == ["digits"]
    assert sets["digits"].sentence() == "comes with scikit-learn"
    assert sets["cifar10"].sentence() == (
        "not here; 170.1 MB to download (1 mirror): smalti data get cifar10"
    )
    assert "(2 mirrors)" in sets["fashion-mnist"].sentence()
    assert sets["cifar100-coarse"].sentence().endswith("smalti data get cifar100-coarse")
    assert (sets["mnist"].pictures, sets["mnist"].image_shape) == (70_000, (28, 28, 1))
    assert cache_size() == 0


def test_what_lies_in_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_cache: Path
) -> None:
    path = tmp_path / "fashion_mnist.npz"
    path.write_bytes(b"?" * 2_000_000)
    found = by_name(tmp_path)["fashion-mnist"]
    assert (found.where, found.path, found.size) == ("data folder", path, 2_000_000)
    assert found.sentence() == f"data folder: {path} (2.0 MB)"
    assert not by_name()["fashion-mnist"].here
    monkeypatch.setenv("SMALTI_DATA", str(tmp_path))
    assert by_name()["fashion-mnist"].here
    assert not own_cache.exists()


def test_published_files_that_are_not_decoded_yet(tmp_path: Path) -> None:
    path = tmp_path / "cifar-10-binary.tar.gz"
    path.write_bytes(b"?" * 1_500_000)
    found = by_name(tmp_path)["cifar10"]
    assert (found.where, found.path, found.size) == ("data folder", path, 1_500_000)


def test_what_other_programs_left(tmp_path: Path, own_cache: Path) -> None:
    keras = tmp_path / "keras/datasets"
    raw = tmp_path / "data/FashionMNIST/raw"
    downloaded = own_cache / "downloads/cifar100"
    for folder in (keras, raw, downloaded):
        folder.mkdir(parents=True)
    (keras / "mnist.npz").write_bytes(b"?" * 1000)
    for name in IDX_FILES:
        (raw / name).write_bytes(b"?" * 1_000_000)
    (downloaded / "cifar-100-binary.tar.gz").write_bytes(b"?" * 1000)
    sets = by_name()
    assert sets["mnist"].sentence() == f"left by Keras: {keras / 'mnist.npz'} (0.0 MB)"
    assert sets["fashion-mnist"].sentence() == (
        "left by torchvision: data/FashionMNIST/raw (4.0 MB)"
    )
    for name in ("cifar100", "cifar100-coarse"):
        assert sets[name].where == "downloaded"
        assert sets[name].path == downloaded / "cifar-100-binary.tar.gz"


def test_what_is_cached(own_cache: Path) -> None:
    load_data("digits")
    found = by_name()["digits"]
    assert found.where == "cache"
    assert found.path is not None
    assert found.path.parent == own_cache
    assert found.size > 1797 * 64
    assert cache_size() == found.size
