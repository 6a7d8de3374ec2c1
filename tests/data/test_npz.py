"""An .npz file: decoded once, mapped afterwards, noticed when changed, and never unpickled."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from smalti.data.load import load_data
from smalti.errors import MachineError, SmaltiError
from tests.support import CLASS_NAMES, shapes

X, Y = shapes(60)


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Return ``save(**arrays)``: an .npz with x_train and y_train, others added or replaced."""

    def write(name: str = "own.npz", **arrays: object) -> Path:
        path = tmp_path / name
        everything = {"x_train": X, "y_train": Y, **arrays}
        np.savez(path, **{key: a for key, a in everything.items() if a is not None})
        return path

    return write


def test_a_file_is_decoded_once(save: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(x_test=X[:20], y_test=Y[:20], class_names=np.array(CLASS_NAMES))
    first = load_data(str(path))
    monkeypatch.setattr(np.lib.npyio.NpzFile, "__getitem__", None)
    again = load_data(path)
    assert again.fingerprint == first.fingerprint
    assert again.class_names == CLASS_NAMES
    assert (again.name, again.source, again.split) == ("own", str(path), "given split")
    for name, size in (("train", 54), ("validation", 6), ("test", 20)):
        assert len(again.part(name)) == size
        assert (again.part(name).pictures() == first.part(name).pictures()).all()
    assert (again.part("test").pictures() == X[:20]).all()


def test_a_changed_file_is_decoded_anew(save: Callable[..., Path]) -> None:
    first = load_data(save())
    path = save(x_train=X[::-1])
    os.utime(path, ns=(0, 0))
    assert load_data(path).fingerprint != first.fingerprint


def test_it_has_the_fingerprint_of_the_same_arrays_in_memory(save: Callable[..., Path]) -> None:
    assert load_data(save()).fingerprint == load_data((X, Y)).fingerprint


def test_notes_are_said_at_every_load(
    save: Callable[..., Path], said: pytest.LogCaptureFixture
) -> None:
    path = save(x_train=X / 255)
    for _ in range(2):
        said.clear()
        assert (load_data(path).part("train").images == X).all()
        assert "float64 from 0 to 1: stored as uint8" in said.text


def test_a_size_may_be_asked_for(save: Callable[..., Path]) -> None:
    path = save()
    assert load_data(path, image_size=20).image_shape == (20, 20, 1)
    assert load_data(path).image_shape == (12, 12, 1)


@pytest.mark.parametrize("word", ["val", "validation", "valid", "VAL"])
def test_a_validation_part_is_taken(save: Callable[..., Path], word: str) -> None:
    path = save(**{f"x_{word}": X[:9], f"y_{word}": Y[:9]})
    data = load_data(path, validation=0.3)
    assert (data.part("validation").pictures() == X[:9]).all()
    assert len(data.part("train")) == 54  # a tenth became our test part
    merged = load_data(path, validation=0)
    assert len(merged.part("train")) == 54 + 9
    assert np.array_equal(merged.part("test").rows, data.part("test").rows)


def test_capitals_do_not_matter(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X_train=X, Y_train=Y)
    assert len(load_data(tmp_path / "a.npz").part("train")) == 48


def test_labels_may_be_the_class_names(save: Callable[..., Path]) -> None:
    assert load_data(save(labels=np.array(CLASS_NAMES))).class_names == CLASS_NAMES


def test_labels_that_are_no_names_are_left_alone(save: Callable[..., Path]) -> None:
    assert load_data(save(labels=Y)).class_names == ("0", "1", "2")


def test_other_arrays_are_left_alone(save: Callable[..., Path]) -> None:
    path = save(weights=np.ones(60), comment=np.array("made in spring"))
    assert len(load_data(path).part("train")) == 48


OBJECTS = np.array([np.zeros((2, 2)), None], dtype=object)
REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "no labels": ({"y_train": None}, "own.npz has x_train but no y_train; expected both"),
    "no pictures": ({"x_train": None}, "own.npz has y_train but no x_train"),
    "test without labels": ({"x_test": X}, "own.npz has x_test but no y_test"),
    "pictures are objects": ({"x_train": OBJECTS}, "x_train in own.npz is an array of Python"),
    "labels are objects": ({"y_train": np.array(["a", None])}, "y_train in own.npz is an array of"),
    "pictures are text": ({"x_train": X.astype(str)}, "x_train has the type <U"),
    "complex": ({"x_train": X * 1j}, "x_train has the type complex128; expected numbers"),
    "flat": ({"x_train": X.reshape(60, -1)}, "x_train has the shape 60×144"),
    "nan": ({"x_train": np.where(X > 250, np.nan, X / 255.0) * np.nan}, "x_train has pixels that"),
    "out of range": ({"x_train": X.astype(int) + 300}, "x_train has pixels from"),
    "more labels": ({"y_train": np.append(Y, 0)}, "has 60 pictures, but y_train has 61 labels"),
    "labels beyond the names": (
        {"class_names": np.array(["a", "b"])},
        "y_train has labels out of range: 2; expected 0 to 1, as there are 2 class names",
    ),
    "test label unknown": (
        {"x_test": X[:3], "y_test": np.array([0, 1, 9])},
        "y_test has labels out of range: '9'",
    ),
    "other size in test": (
        {"x_test": np.zeros((3, 9, 9), np.uint8), "y_test": Y[:3]},
        "x_test holds pictures of 9×9×1, x_train of 12×12×1",
    ),
    "empty": ({"x_train": X[:0], "y_train": Y[:0]}, "x_train is empty"),
    "one class": ({"y_train": Y * 0}, "All pictures have one class"),
    "a name twice": ({"class_names": np.array(["a", "b", "a"])}, "names the class 'a' twice"),
}


@pytest.mark.parametrize(("arrays", "words"), REFUSED.values(), ids=REFUSED)
def test_bad_content_is_refused(
    save: Callable[..., Path], own_cache: Path, arrays: dict[str, object], words: str
) -> None:
    path = save(**arrays)
    with pytest.raises(SmaltiError, match=words) as caught:
        load_data(path)
    assert not isinstance(caught.value, MachineError)
    assert not own_cache.exists() or list(own_cache.iterdir()) == []


class Evil:
    """Would write a file when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (Path.touch, (self.path,))


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    trap = tmp_path / "it ran"
    array = np.array([Evil(trap)], dtype=object)
    for name in ("x_train", "y_train", "class_names", "x_val"):
        arrays = {"x_train": X, "y_train": Y, "x_val": X, "y_val": Y, name: array}
        np.savez(tmp_path / "evil.npz", **arrays)
        with pytest.raises(SmaltiError, match="never unpickles"):
            load_data(tmp_path / "evil.npz")
    (tmp_path / "plain.npz").write_bytes(pickle.dumps(Evil(trap)))
    with pytest.raises(SmaltiError, match=r"it is not a \.npz file"):
        load_data(tmp_path / "plain.npz")
    assert not trap.exists()


@pytest.mark.parametrize(
    ("keys", "hint"),
    [
        (("images", "labels"), "x_train=z['images'], y_train=z['labels']"),
        (("train_images", "train_labels"), "x_train=z['train_images'], y_train=z['train_labels']"),
        (("x", "y"), "x_train=z['x'], y_train=z['y']"),
        (("data", "target"), "x_train=z['data'], y_train=z['target']"),
        (("arr_0", "arr_1"), "x_train=z['arr_0'], y_train=z['arr_1']"),
        (("foo", "bar"), "np.savez('data.npz', x_train=x, y_train=y"),
    ],
)
def test_other_names_get_the_way_out(tmp_path: Path, keys: tuple[str, str], hint: str) -> None:
    np.savez(tmp_path / "other.npz", **dict(zip(keys, (X, Y), strict=True)))
    with pytest.raises(SmaltiError, match="has no x_train and y_train; it holds") as caught:
        load_data(tmp_path / "other.npz")
    assert hint in caught.value.hint
    assert keys[0] in caught.value.problem


def single_array() -> bytes:
    file = io.BytesIO()
    np.save(file, X)
    return file.getvalue()


def zip_of_text() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x_train.npy", "no array")
        archive.writestr("y_train.npy", "no array")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot be read"),
        (b"no zip", "it is not a .npz file"),
        (b"PK\x03\x04 but nothing follows", "cannot be read"),
        (single_array(), "holds a single array"),
        (zip_of_text(), "has the type object|expected numbers|cannot be read"),
    ],
    ids=["empty", "text", "broken zip", "npy", "zip of text"],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "other.npz"
    path.write_bytes(content)
    with pytest.raises(SmaltiError, match=words):
        load_data(path)


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.95, 0.999])
@pytest.mark.parametrize("packed", [False, True])
def test_a_truncated_file_is_refused(tmp_path: Path, keep: float, packed: bool) -> None:
    path = tmp_path / "own.npz"
    (np.savez_compressed if packed else np.savez)(path, x_train=X, y_train=Y)
    os.truncate(path, int(path.stat().st_size * keep))
    with pytest.raises(SmaltiError, match=r"own\.npz cannot be read"):
        load_data(path)


def test_a_damaged_array_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.npz"
    np.savez(path, x_train=X, y_train=Y)
    content = bytearray(path.read_bytes())
    content[3000] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(SmaltiError, match=r"x_train in own\.npz cannot be read: Bad CRC"):
        load_data(path)


def test_an_array_larger_than_memory_is_the_machines_failure(tmp_path: Path) -> None:
    header = io.BytesIO()
    shape = {"descr": "|u1", "fortran_order": False, "shape": (10**9, 10**5)}
    np.lib.format.write_array_header_1_0(header, shape)
    with zipfile.ZipFile(tmp_path / "huge.npz", "w") as archive:
        archive.writestr("x_train.npy", header.getvalue())
        archive.writestr("y_train.npy", header.getvalue())
    with pytest.raises(MachineError, match=r"x_train in huge\.npz does not fit into memory"):
        load_data(tmp_path / "huge.npz")
