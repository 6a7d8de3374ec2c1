"""``smalti data list | get | check | show``, as a user types them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support import shapes


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("own cache")
    monkeypatch.setenv("SMALTI_CACHE", str(folder))
    monkeypatch.setenv("KERAS_HOME", str(folder / "no keras"))
    # What stood in for a read-only cache at another time is not to be found either.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))
    return folder


def test_list(smalti: Callable, own_cache: Path) -> None:
    outcome = smalti("data", "list")
    assert outcome.code == 0
    for name in ("mnist", "fashion-mnist", "cifar10", "cifar100", "cifar100-coarse"):
        assert f"smalti data get {name}" in outcome.out
    assert "170.1 MB to download (1 mirror): smalti data get cifar10" in outcome.out
    assert "comes with scikit-learn" in outcome.out
    assert str(own_cache) in outcome.out


def test_list_with_a_data_folder(smalti: Callable, tmp_path: Path) -> None:
    (tmp_path / "mnist.npz").write_bytes(b"?" * 10**6)
    outcome = smalti("data", "list", "--data-dir", tmp_path)
    assert f"data folder: {tmp_path / 'mnist.npz'} (1.0 MB)" in outcome.out
    missing = smalti("data", "list", "--data-dir", "missing")
    assert missing.code == 2
    assert "missing given with --data-dir is not there" in missing.err


def test_list_what_keras_left(
    smalti: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    path = tmp_path / "keras/datasets/mnist.npz"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"?" * 10**6)
    # A long path is wrapped in its column.
    assert f"left by Keras: {path} (1.0 MB)" in " ".join(smalti("data", "list").out.split())


def test_get(smalti: Callable) -> None:
    outcome = smalti("data", "get", "digits")
    assert outcome.code == 0
    assert "digits is ready: 1,077 train, 360 validation, 360 test" in outcome.out
    assert "our own 60/20/20 split" in outcome.out
    assert "next  smalti train digits" in outcome.out


def test_get_an_unknown_set(smalti: Callable) -> None:
    outcome = smalti("data", "get", "digits", "minst")
    assert outcome.code == 2
    assert "Did you mean 'mnist'?" in outcome.err
    assert outcome.out == ""


def test_check_a_built_in_set(smalti: Callable) -> None:
    outcome = smalti("data", "check", "digits")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert lines[0].startswith("digits: 1,077 train, 360 validation, 360 test; 8×8×1; our own")
    assert lines[2].split() == ["class", "train", "validation", "test"]
    assert lines[3].split() == ["0", "106", "36", "36"]
    assert "duplicates   none" in outcome.out
    assert "(as recorded)" in outcome.out


def test_check_as_json(smalti: Callable, pictures: Callable[..., Path]) -> None:
    folder = pictures(per_class=5)
    (folder / "bar/empty.png").touch()
    outcome = smalti("data", "check", folder, "--json", "--image-size", "16")
    assert outcome.code == 0
    found = json.loads(outcome.out)
    assert found["sizes"] == {"train": 9, "validation": 3, "test": 3}
    assert found["image_shape"] == [16, 16, 3]
    assert found["intact"] is True
    assert found["skipped"] == [["bar/empty.png", "the file is empty (0 bytes)"]]
    assert found["file_sizes"]["largest"] == [16, 16]


def test_check_tells_duplicates_conflicts_and_what_was_left_out(
    smalti: Callable, pictures: Callable[..., Path]
) -> None:
    folder = pictures(per_class=8)
    content = (folder / "bar/0.png").read_bytes()
    for place in ("bar/again.png", "ring/wrong.png"):
        (folder / place).write_bytes(content)
    (folder / "ring/text.jpg").write_text("no picture")
    outcome = smalti("data", "check", folder)
    assert outcome.code == 0
    assert "left out     ring/text.jpg: not a picture in a format" in outcome.out
    assert "is 'bar', the same picture" in outcome.out
    assert "within train" in outcome.out or "also in train" in outcome.out
    assert "smallest 16×16, median 16×16, largest 16×16 pixels" in outcome.out
    assert "1 file in pictures left out" in outcome.err


def test_check_counts_what_cannot_be_trained_on(smalti: Callable, tmp_path: Path) -> None:
    images, labels = shapes(10)
    labels[:] = 0
    labels[-1] = 1
    np.savez(tmp_path / "own.npz", x_train=images, y_train=labels)
    outcome = smalti("data", "check", "own.npz")
    assert outcome.code == 2
    assert "own: 10 train" in outcome.out
    assert "Too few pictures in class '1' (1)" in outcome.err


def test_check_notices_a_changed_cache(
    smalti: Callable, own_cache: Path, npz: Callable[..., Path]
) -> None:
    path = npz()
    assert smalti("data", "check", path).code == 0
    (images,) = own_cache.glob("tiny-*/images-*.npy")
    content = bytearray(images.read_bytes())
    content[-1] ^= 1
    images.write_bytes(content)
    outcome = smalti("data", "check", path)
    assert outcome.code == 2
    assert "CHANGED" in outcome.out
    assert f"Delete its folder in {own_cache}" in outcome.err
    assert json.loads(smalti("data", "check", path, "--json").out)["intact"] is False


def test_check_with_many_classes_stays_short(smalti: Callable, tmp_path: Path) -> None:
    images, _ = shapes(300)
    np.savez(tmp_path / "own.npz", x_train=images, y_train=np.arange(300) // 5)
    outcome = smalti("data", "check", "own.npz")
    assert outcome.code == 0
    assert "… and 20 classes more" in outcome.out


def test_show(smalti: Callable, pictures: Callable[..., Path]) -> None:
    outcome = smalti("data", "show", "digits")
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "saved digits-pictures.png",
        "next  smalti data show digits --augment cnn",
    ]
    assert Path("digits-pictures.png").read_bytes().startswith(b"\x89PNG")
    folder = pictures(5)
    outcome = smalti(
        "data", "show", folder, "--augment", "cnn", "-n", "3", "--to", "a b.png", "--columns", "2"
    )
    assert outcome.out.splitlines() == [
        "saved a b.png",
        f"next  smalti train {folder} --recipe cnn",
    ]
    assert Path("a b.png").is_file()


@pytest.mark.parametrize("part", ["validation", "test"])
def test_show_another_part(smalti: Callable, npz: Callable[..., Path], part: str) -> None:
    assert smalti("data", "show", npz(), "--part", part, "--to", "x.png").code == 0
    assert Path("x.png").is_file()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("data show minst", "Did you mean 'mnist'?"),
        ("data show digits --augment dnse", "Did you mean 'dense'?"),
        ("data show digits --augment dense-classic", "changes no picture of digits"),
        ("data show digits --to x.jpg", "written as .png or .svg"),
        ("data show digits -n 0", "from 1 to 50"),
        ("data show digits --part trian", "trian"),
        ("data check minst", "Did you mean 'mnist'?"),
        ("data check ./nothing", "There is no file or folder nothing"),
        ("data check", "SOURCE"),
        ("data get", "NAME"),
        ("data lst", "lst"),
        ("data check digits --image-size -1", "-1"),
    ],
)
def test_mistakes_are_refused(smalti: Callable, typed: str, words: str) -> None:
    outcome = smalti(*typed.split())
    assert outcome.code == 2
    assert words in outcome.err
    assert "Traceback" not in outcome.said
