"""Built-in sets: where they are looked for, that their content counts, and what is said without."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from smalti.data import builtin
from smalti.data.class_names import SUPERCLASSES
from smalti.data.downloads import DownloadError
from smalti.data.fingerprints import fingerprint
from smalti.data.load import load_data
from smalti.data.published import PUBLISHED, Archive
from smalti.errors import SmaltiError
from smalti.names import DATASETS
from tests.data.published_sets import save_npz, tiny_arrays, tiny_coarse, tiny_published

NETWORKED = ("mnist", "fashion-mnist", "cifar10", "cifar100")


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the files that were downloaded, from stand-ins for the official places."""
    files: dict[str, bytes] = {}
    asked: list[str] = []
    for name in NETWORKED:
        published, bodies = tiny_published(name, "https://data.invalid")
        monkeypatch.setitem(PUBLISHED, name, published)
        files |= bodies
    monkeypatch.setitem(PUBLISHED, "cifar100-coarse", tiny_coarse())

    def fetch(archive: Archive, folder: Path) -> Path:
        asked.append(archive.file)
        path = folder / archive.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[archive.urls[0].removeprefix("https://data.invalid")])
        return path

    monkeypatch.setattr(builtin, "fetch", fetch)
    return asked


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, fetched: list[str]) -> None:
    def fetch(archive: Archive, folder: Path) -> Path:
        raise DownloadError(archive, "no connection to data.invalid")

    monkeypatch.setattr(builtin, "fetch", fetch)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data sets"
    folder.mkdir()
    return folder


def test_every_name_is_published_and_the_other_way_round() -> None:
    assert list(PUBLISHED) == list(DATASETS)
    for name, published in PUBLISHED.items():
        assert published.name == name
        classes = {"cifar100": 100, "cifar100-coarse": 20}.get(name, 10)
        assert len(set(published.class_names)) == len(published.class_names) == classes
        hashes = [*published.arrays.values()]
        # Of CIFAR-100 only the checksums of the arrays are known.
        hashes += [published.fingerprint] if not name.startswith("cifar100") else []
        hashes += [archive.sha256 for archive in published.archives]
        assert all(re.fullmatch("[0-9a-f]{64}", value) for value in hashes)
        for archive in published.archives:
            assert all(url.endswith(f"/{archive.file}") for url in archive.urls)
            assert len({urlsplit(url).netloc for url in archive.urls}) >= 2  # a mirror at least


def test_the_known_checksums_are_those_of_the_shared_copies() -> None:
    path = Path(__file__).parents[3] / "shared/datasets/manifest.json"
    if not path.exists():
        pytest.skip("the shared copies are not at hand")
    manifest = json.loads(path.read_text())
    for name in NETWORKED:
        known = manifest[name.replace("-", "_")]["sha256"]
        assert PUBLISHED[name].arrays == {key: known[key] for key in PUBLISHED[name].arrays}
    known = manifest["cifar100"]["sha256"]
    for part in ("train", "test"):
        arrays = PUBLISHED["cifar100-coarse"].arrays
        assert arrays[f"x_{part}"] == known[f"x_{part}"]
        assert arrays[f"y_{part}"] == known[f"y_coarse_{part}"]


@pytest.mark.parametrize("name", NETWORKED)
def test_a_set_is_downloaded_once_and_then_mapped(
    name: str, fetched: list[str], own_cache: Path
) -> None:
    first = load_data(name)
    assert fetched == [archive.file for archive in PUBLISHED[name].archives]
    again = load_data(name)
    assert len(fetched) == len(PUBLISHED[name].archives)
    arrays = tiny_arrays(name)
    for data in (first, again):
        classes = len(PUBLISHED[name].class_names)
        validation = max(classes, 10)  # one of every class at least
        n = 10 * classes
        assert [len(data.part(part)) for part in ("validation", "test")] == [validation, n // 5]
        assert len(data.part("train")) == n - validation
        assert (data.name, data.source, data.split) == (name, name, "official split")
        assert data.class_names == PUBLISHED[name].class_names
        assert data.image_shape == PUBLISHED[name].image_shape
        test = data.part("test")
        assert (test.pictures().reshape(arrays["x_test"].shape) == arrays["x_test"]).all()
        assert (test.labels == arrays["y_test"]).all()
        assert data.fingerprint == fingerprint(data)
        assert PUBLISHED[name].fingerprint in ("", data.fingerprint)
        assert (data.part("train").images[:n].reshape(-1) == arrays["x_train"].ravel()).all()


def test_a_set_whose_cache_is_damaged_is_made_again_without_a_download(
    fetched: list[str], own_cache: Path, said: pytest.LogCaptureFixture
) -> None:
    load_data("mnist")
    (entry,) = own_cache.glob("mnist-*")
    os.truncate(next(entry.glob("images-*")), 1000)
    before = len(fetched)
    assert len(load_data("mnist").part("test")) == 20
    assert "is damaged" in said.text
    assert len(fetched) == before


def test_a_record_of_other_content_is_not_believed(
    fetched: list[str], own_cache: Path, said: pytest.LogCaptureFixture
) -> None:
    load_data("mnist")
    (record,) = own_cache.glob("mnist-*/record.json")
    content = json.loads(record.read_text())
    record.write_text(json.dumps({**content, "fingerprint": "0" * 64}))
    assert load_data("mnist").fingerprint == PUBLISHED["mnist"].fingerprint
    assert "was changed: it is made again" in said.text


@pytest.mark.parametrize("spelling", ["fashion-mnist", "fashion_mnist"])
@pytest.mark.parametrize("given", ["argument", "variable"])
def test_the_users_folder_comes_first(
    spelling: str,
    given: str,
    offline: None,
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: pytest.LogCaptureFixture,
) -> None:
    save_npz(data_dir, "fashion-mnist").rename(data_dir / f"{spelling}.npz")
    if given == "variable":
        monkeypatch.setenv("SMALTI_DATA", str(data_dir))
    data = load_data("fashion-mnist", data_dir=data_dir if given == "argument" else None)
    assert len(data.part("train")) == 90
    assert f"found in {data_dir}/{spelling}.npz, its content verified" in said.text


def test_the_users_file_is_verified_once(
    offline: None, data_dir: Path, said: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_npz(data_dir, "mnist")
    load_data("mnist", data_dir=data_dir)
    said.clear()
    monkeypatch.setattr(builtin, "sha256", None)
    load_data("mnist", data_dir=data_dir)
    assert said.text == ""


def test_another_file_of_the_user_is_verified_though_the_cache_has_the_set(
    fetched: list[str], data_dir: Path, said: pytest.LogCaptureFixture
) -> None:
    load_data("mnist")
    path = save_npz(data_dir, "mnist")
    for expected in ("its content verified", ""):
        said.clear()
        load_data("mnist", data_dir=data_dir)
        assert expected in said.text
        assert bool(said.text) == bool(expected)
    arrays = tiny_arrays("mnist")
    np.savez(path, **{**arrays, "x_test": arrays["x_test"] ^ 1})
    with pytest.raises(SmaltiError, match="its x_test differs"):
        load_data("mnist", data_dir=data_dir)


def test_the_users_folder_is_only_read(offline: None, data_dir: Path) -> None:
    path = save_npz(data_dir, "mnist")
    before = path.stat().st_mtime_ns
    data_dir.chmod(0o555)
    try:
        load_data("mnist", data_dir=data_dir)
    finally:
        data_dir.chmod(0o755)
    assert list(data_dir.iterdir()) == [path]
    assert path.stat().st_mtime_ns == before


def variants() -> dict[str, Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]]:
    """Other containers with the same content."""
    return {
        "labels in a column": lambda a: {"y_train": a["y_train"][:, None].astype(np.int64)},
        "one-hot labels": lambda a: {"y_train": np.eye(10)[a["y_train"]]},
        "channel axis": lambda a: {"x_train": a["x_train"][..., None]},
        "channels first": lambda a: {"x_train": a["x_train"][:, None]},
        "more arrays": lambda a: {"extra": a["x_test"]},
    }


@pytest.mark.parametrize("change", variants().values(), ids=variants())
def test_the_container_does_not_matter(
    offline: None, data_dir: Path, change: Callable[..., dict[str, np.ndarray]]
) -> None:
    save_npz(data_dir, "mnist", **change(tiny_arrays("mnist")))
    assert load_data("mnist", data_dir=data_dir).fingerprint == PUBLISHED["mnist"].fingerprint


def others() -> dict[str, tuple[Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]], str]]:
    """Other content under the same name."""
    return {
        "a pixel": (lambda a: {"x_train": a["x_train"] ^ 1}, "its x_train differs"),
        "a label": (lambda a: {"y_test": a["y_test"][::-1]}, "its y_test differs"),
        "fewer": (lambda a: {"x_train": a["x_train"][:50]}, "its x_train differs"),
        "scaled": (lambda a: {"x_train": a["x_train"] / 255}, "its x_train differs"),
        "flat": (lambda a: {"x_train": a["x_train"].reshape(100, -1)}, "its x_train differs"),
        "text labels": (lambda a: {"y_train": a["y_train"].astype(str)}, "its y_train differs"),
        "large labels": (
            lambda a: {"y_train": a["y_train"].astype(int) + 300},
            "its y_train differs",
        ),
        "no labels": (lambda a: {"y_train": a["y_train"][:0]}, "its y_train differs"),
    }


@pytest.mark.parametrize(("change", "words"), others().values(), ids=others())
def test_other_content_is_refused(
    fetched: list[str],
    data_dir: Path,
    change: Callable[..., dict[str, np.ndarray]],
    words: str,
) -> None:
    path = save_npz(data_dir, "mnist", **change(tiny_arrays("mnist")))
    with pytest.raises(SmaltiError) as caught:
        load_data("mnist", data_dir=data_dir)
    assert caught.value.problem == f"{path} is not mnist as it was published: {words}."
    assert f"pass the path itself: {path}" in caught.value.hint
    assert fetched == []


def test_a_file_that_lacks_an_array_is_refused(offline: None, data_dir: Path) -> None:
    arrays = tiny_arrays("mnist")
    np.savez(data_dir / "mnist.npz", x_train=arrays["x_train"], y_train=arrays["y_train"])
    with pytest.raises(SmaltiError, match="is not mnist as it was published: it has no x_test"):
        load_data("mnist", data_dir=data_dir)


def test_a_damaged_file_is_refused(offline: None, data_dir: Path) -> None:
    (data_dir / "mnist.npz").write_text("no zip")
    with pytest.raises(SmaltiError, match=r"mnist\.npz cannot be read"):
        load_data("mnist", data_dir=data_dir)


def test_the_same_file_by_its_path_is_the_users_own_data(offline: None, data_dir: Path) -> None:
    path = save_npz(data_dir, "mnist", x_train=tiny_arrays("mnist")["x_train"] ^ 1)
    data = load_data(path)
    assert (data.name, data.source, data.split) == ("mnist", str(path), "given split")


def test_a_file_put_into_the_cache_folder_is_found(offline: None, own_cache: Path) -> None:
    own_cache.mkdir()
    save_npz(own_cache, "mnist")
    assert len(load_data("mnist").part("test")) == 20


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("mnist", "mnist"),
        ("fashion-mnist", "fashion_mnist"),
        ("cifar10", "cifar10"),
        ("cifar10", ""),
    ],
)
def test_published_files_in_the_users_folder_are_taken(
    name: str, folder: str, offline: None, data_dir: Path
) -> None:
    _, bodies = tiny_published(name, "")
    (data_dir / folder).mkdir(exist_ok=True)
    for path, body in bodies.items():
        (data_dir / folder / Path(path).name).write_bytes(body)
    assert load_data(name, data_dir=data_dir).fingerprint == PUBLISHED[name].fingerprint


def test_published_files_of_other_content_are_refused(offline: None, data_dir: Path) -> None:
    # Fashion-MNIST's files are called like MNIST's.
    _, bodies = tiny_published("mnist", "")
    (data_dir / "mnist").mkdir()
    for number, (path, body) in enumerate(bodies.items()):
        swapped = list(bodies.values())[2] if number == 0 else body
        (data_dir / "mnist" / Path(path).name).write_bytes(swapped)
    with pytest.raises(SmaltiError, match="is not mnist as it was published: its x_train differs"):
        load_data("mnist", data_dir=data_dir)


@pytest.mark.parametrize("name", NETWORKED)
def test_without_a_network_the_way_out_is_told(
    name: str, offline: None, own_cache: Path, data_dir: Path
) -> None:
    with pytest.raises(SmaltiError) as caught:
        load_data(name)
    assert caught.value.exit_code == 2
    assert caught.value.problem == (
        f"{name} is not on this machine and could not be downloaded "
        "(no connection to data.invalid)."
    )
    assert f"Put {name}.npz" in caught.value.hint
    assert f"into {own_cache}, or use digits, which needs no download" in caught.value.hint
    with pytest.raises(SmaltiError) as caught:
        load_data(name, data_dir=data_dir)
    assert f"into {data_dir}," in caught.value.hint


@pytest.mark.parametrize("given", ["argument", "variable"])
def test_a_data_folder_that_is_not_there_is_refused(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / "missing"
    if given == "variable":
        monkeypatch.setenv("SMALTI_DATA", str(missing))
    words = "--data-dir" if given == "argument" else "SMALTI_DATA"
    with pytest.raises(SmaltiError, match=f"given with {words} is not there"):
        load_data("mnist", data_dir=missing if given == "argument" else None)


def test_a_data_folder_that_is_a_file_is_refused(data_dir: Path) -> None:
    path = save_npz(data_dir, "mnist")
    with pytest.raises(SmaltiError, match="given with --data-dir is no folder"):
        load_data("mnist", data_dir=path)


def test_another_size_is_an_entry_of_its_own(fetched: list[str]) -> None:
    assert load_data("mnist", image_size=14).image_shape == (14, 14, 1)
    assert load_data("mnist", image_size=28).image_shape == (28, 28, 1)
    assert load_data("mnist", image_size=14).fingerprint != load_data("mnist").fingerprint


# CIFAR-100 by its superclasses


def test_superclasses_are_the_same_pictures_with_other_labels(fetched: list[str]) -> None:
    fine, coarse = load_data("cifar100"), load_data("cifar100-coarse")
    assert fetched == ["cifar-100-binary.tar.gz"]
    assert (coarse.name, coarse.source) == ("cifar100-coarse", "cifar100-coarse")
    assert (fine.n_classes, coarse.n_classes) == (100, 20)
    assert coarse.split == "official split"
    names = list(SUPERCLASSES)
    given, called = fine.part("test"), coarse.part("test")
    assert (called.pictures() == given.pictures()).all()
    for label, superclass in zip(given.labels, called.labels, strict=True):
        assert fine.class_names[label] in SUPERCLASSES[names[superclass]]
    assert coarse.fingerprint == fingerprint(coarse) != fine.fingerprint
    assert load_data("cifar100_coarse").fingerprint == coarse.fingerprint


def test_superclasses_that_are_not_as_published_are_refused(
    fetched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(PUBLISHED["cifar100-coarse"], arrays=PUBLISHED["cifar100"].arrays)
    monkeypatch.setitem(PUBLISHED, "cifar100-coarse", other)
    with pytest.raises(SmaltiError, match="superclasses of cifar100-coarse are not as published"):
        load_data("cifar100-coarse")


def test_fine_labels_from_keras_are_enough_for_superclasses(offline: None, data_dir: Path) -> None:
    save_npz(data_dir, "cifar100")
    assert load_data("cifar100-coarse", data_dir=data_dir).n_classes == 20


# digits


def test_digits_have_fixed_parts_of_our_own() -> None:
    data = load_data("digits")
    assert [len(part) for part in data.parts.values()] == [1077, 360, 360]
    assert data.split == "our own 60/20/20 split"
    assert data.fingerprint == PUBLISHED["digits"].fingerprint == fingerprint(data)
    assert data.image_shape == (8, 8, 1)
    images = data.part("train").images
    assert (images.min(), images.max(), len(np.unique(images))) == (0, 255, 17)
    assert sorted(np.concatenate([part.rows for part in data.parts.values()])) == list(range(1797))
    for part in data.parts.values():
        counts = np.bincount(part.labels)
        assert counts.max() - counts.min() <= 6


def test_the_parts_of_digits_are_frozen() -> None:
    # Every reported number on digits is about these pictures.
    data = load_data("digits", validation=0.3, split_seed=5)
    assert data.part("test").rows[:8].tolist() == [4, 7, 10, 11, 12, 15, 18, 23]
    assert data.part("validation").rows[:8].tolist() == [1, 2, 3, 13, 20, 21, 32, 46]


def test_digits_without_validation_train_on_it() -> None:
    data = load_data("digits", validation=0)
    assert {name: len(part) for name, part in data.parts.items()} == {"train": 1437, "test": 360}


def test_digits_are_kept_so_that_scikit_learn_is_imported_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = load_data("digits")
    never = replace(PUBLISHED["digits"], decode=lambda _: {})
    monkeypatch.setitem(PUBLISHED, "digits", never)
    assert load_data("digits").fingerprint == first.fingerprint


def test_digits_of_other_content_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = replace(PUBLISHED["digits"], decode=lambda _: {"x": np.zeros(3), "y": np.zeros(3)})
    monkeypatch.setitem(PUBLISHED, "digits", changed)
    with pytest.raises(SmaltiError, match="scikit-learn does not hold digits as it was published"):
        load_data("digits")


# The real ones, where they are at hand.


@pytest.mark.real
@pytest.mark.parametrize("name", [*NETWORKED, "cifar100-coarse"])
def test_the_real_sets(name: str, real_data: Callable[[str], Path]) -> None:
    real_data(name.removesuffix("-coarse"))
    data = load_data(name)
    assert data.fingerprint == fingerprint(data)
    assert PUBLISHED[name].fingerprint in ("", data.fingerprint)
    sizes = {part: len(data.part(part)) for part in data.parts}
    train = PUBLISHED[name].sizes["train"]
    assert sizes == {"train": train * 9 // 10, "validation": train // 10, "test": 10_000}
    classes = data.n_classes
    assert np.bincount(data.part("test").labels, minlength=classes).min() > 8000 // classes
