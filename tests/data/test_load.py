"""The door: names, paths and data sets told apart, mistakes answered with the nearest thing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from smalti.data.load import load_data, load_given
from smalti.errors import SmaltiError
from tests.datasets import tiny_dataset


@pytest.mark.parametrize("name", ["digits", "Digits", "DIGITS"])
def test_capitals_do_not_matter(name: str) -> None:
    assert load_data(name).name == "digits"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("digit", "digits"),
        ("minst", "mnist"),
        ("cifar-10", "cifar10"),
        ("cifar", "cifar10"),
        ("cifar-100", "cifar100"),
        ("cifar100-corse", "cifar100-coarse"),
        ("fashionmnist", "fashion-mnist"),
        ("fashion", "fashion-mnist"),
    ],
)
def test_a_mistyped_name_gets_the_nearest(typed: str, meant: str) -> None:
    with pytest.raises(SmaltiError, match=f"Did you mean '{meant}'?") as caught:
        load_data(typed)
    assert "smalti data list" in caught.value.hint


@pytest.mark.parametrize("typed", ["", " ", "zzzzzz", "a\0b"])
def test_a_name_like_none_gets_all_of_them(typed: str) -> None:
    with pytest.raises(SmaltiError, match="There is no data set") as caught:
        load_data(typed)
    assert "mnist, fashion-mnist, cifar10, cifar100, cifar100-coarse, digits" in caught.value.hint


def test_a_name_wins_over_a_folder_of_that_name_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "digits").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load_data("digits").image_shape == (8, 8, 1)
    assert "for the one here: ./digits" in said.text
    with pytest.raises(SmaltiError, match=r"The folder digits is empty"):
        load_data("./digits")


def test_a_path_that_is_not_there_gets_the_nearest(
    tmp_path: Path, pictures: Callable[..., Path]
) -> None:
    folder = pictures()
    with pytest.raises(SmaltiError, match="There is no file or folder") as caught:
        load_data(tmp_path / "picturse")
    assert f"Did you mean {folder}?" in caught.value.problem
    with pytest.raises(SmaltiError, match=r"There is no file or folder my\.npz"):
        load_data("my.npz")
    with pytest.raises(SmaltiError, match="The folder nowhere is not there either"):
        load_data("nowhere/pictures")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("a" * 5000, "is no usable path: File name too long"),
        ("~nobody-of-that-name/x.npz", "is no usable path: Could not determine home"),
        ("https://example.org/data.npz", "is an address; expected a folder"),
        ("/dev/null", "is a file of another kind"),
    ],
)
def test_what_can_be_no_path_is_refused(typed: str, words: str) -> None:
    with pytest.raises(SmaltiError, match=words) as caught:
        load_data(typed)
    assert len(caught.value.problem) < 200


def test_a_link_to_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "lost").symlink_to("nothing")
    with pytest.raises(SmaltiError, match="is a link that leads nowhere"):
        load_data(tmp_path / "lost")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are a Unix thing")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    with pytest.raises(SmaltiError, match="is a file of another kind"):
        load_data(tmp_path / "pipe.npz")


@pytest.mark.parametrize("typed", ["pictures", "pictures/", "./pictures", "../here/pictures"])
def test_a_folder_in_every_spelling(
    typed: str, tmp_path: Path, pictures: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    pictures().rename(here / "pictures")
    monkeypatch.chdir(here)
    data = load_data(typed)
    assert (data.name, data.source) == ("pictures", typed)
    monkeypatch.chdir(here / "pictures")
    assert load_data(".").fingerprint == data.fingerprint
    assert load_data(".").name == "pictures"


def test_home_is_understood(
    tmp_path: Path, npz: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    npz()
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_data("~/tiny.npz").name == "tiny"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("a.zip", "Unpack it first"),
        ("a.tar.gz", "Unpack it first"),
        ("a.npy", "np.savez"),
        ("a.csv", "np.savez"),
        ("a.h5", "np.savez"),
        ("a.pickle", "never read"),
        ("a.pt", "never read"),
        ("a.JPG", "smalti predict RUN"),
        ("a", ""),
    ],
)
def test_a_file_of_another_kind_gets_the_way_out(tmp_path: Path, name: str, hint: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(SmaltiError, match="is a file of another kind; expected a folder") as caught:
        load_data(tmp_path / name)
    assert hint in caught.value.hint


@pytest.mark.parametrize("size", [-1, 5000, 3.5, True, None, "64"])
def test_impossible_sizes_are_refused(size: object) -> None:
    with pytest.raises(SmaltiError, match="expected a whole number of pixels from 1 to 4096"):
        load_data("digits", image_size=size)  # type: ignore[arg-type]


def test_options_are_checked_before_anything_is_read() -> None:
    with pytest.raises(SmaltiError, match="expected a fraction"):
        load_data("./nothing", validation=-1)


def test_a_data_set_is_given_back_as_it_is() -> None:
    data = tiny_dataset()
    again = load_data(data, validation=0.3)
    for name, part in data.parts.items():
        assert np.array_equal(again.part(name).rows, part.rows)


def test_a_data_set_without_validation_gets_one() -> None:
    data = tiny_dataset(validation=0)
    cut = load_data(data, validation=0.2)
    assert [len(part) for part in cut.parts.values()] == [72, 18, 30]
    merged = load_data(tiny_dataset(), validation=0)
    assert [len(part) for part in merged.parts.values()] == [120, 30]


def test_what_the_source_gives_can_be_had_uncut(npz: Callable[..., Path]) -> None:
    assert {k: len(v) for k, v in load_given(npz()).parts.items()} == {"train": 60, "test": 30}
