"""Folders of pictures: laid out as people do, decoded once, bad files skipped with their reason."""

from __future__ import annotations

import os
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smalti.data import folders
from smalti.data.load import load_data
from smalti.errors import MachineError, SmaltiError

Make = Callable[..., Path]


def picture(path: Path, colour: object = "red", size: tuple[int, int] = (20, 20)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)  # type: ignore[arg-type]
    return path


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Return a folder of five cats and five dogs."""
    for index in range(5):
        picture(tmp_path / f"pets/cat/{index}.png", (200, index, 0))
        picture(tmp_path / f"pets/dog/{index}.png", (0, index, 200))
    return tmp_path / "pets"


@pytest.fixture
def parted(tmp_path: Path) -> Make:
    """Return ``parted(validation="val")``: a folder with train, validation and test inside."""

    def make(train: str = "train", validation: str = "val", test: str = "test") -> Path:
        for part, n in ((train, 6), (validation, 2), (test, 3)):
            for index in range(n if part else 0):
                picture(tmp_path / f"pets/{part}/cat/{index}.png", (200, index, n))
                picture(tmp_path / f"pets/{part}/dog/{index}.png", (0, index, 200 + n))
        return tmp_path / "pets"

    return make


# What works.


def test_class_folders(pets: Path) -> None:
    data = load_data(pets, image_size=16)
    assert data.class_names == ("cat", "dog")
    assert data.image_shape == (16, 16, 3)
    assert [len(part) for part in data.parts.values()] == [6, 2, 2]
    assert data.split == "our own 80/10/10 split"
    assert (data.name, data.source) == ("pets", str(pets))
    for part in data.parts.values():
        red = part.pictures()[:, 0, 0, 0] > 100
        assert (part.labels == np.where(red, 0, 1)).all()


def test_64_pixels_where_nothing_else_is_asked_for(pets: Path) -> None:
    assert load_data(pets).image_shape == (64, 64, 3)


@pytest.mark.parametrize("word", ["val", "valid", "validation", "Validation"])
def test_parts_inside(parted: Make, word: str) -> None:
    data = load_data(parted(validation=word))
    assert {name: len(part) for name, part in data.parts.items()} == {
        "train": 12,
        "validation": 4,
        "test": 6,
    }
    assert data.split == "given split"
    assert (data.part("validation").pictures()[:2, 0, 0, 2] == 2).all()
    assert (data.part("test").pictures()[:3, 0, 0, 2] == 3).all()


def test_parts_inside_without_validation(parted: Make) -> None:
    root = parted(validation="")
    assert [len(part) for part in load_data(root).parts.values()] == [10, 2, 6]


def test_parts_inside_without_test(parted: Make) -> None:
    data = load_data(parted(test=""), validation=0)
    assert [len(part) for part in data.parts.values()] == [14, 2]
    assert data.split == "our own 90/10 split"


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    names = ("bus", "test", "testing", "train")
    for name in names:
        for index in range(4):
            picture(tmp_path / f"vehicles/{name}/{index}.png")
    assert load_data(tmp_path / "vehicles").class_names == names


def test_pictures_may_lie_deeper_in_a_class(pets: Path) -> None:
    picture(pets / "cat/2024/summer/1.png")
    assert sum(len(part) for part in load_data(pets).parts.values()) == 11


def test_classes_and_files_are_in_natural_order(tmp_path: Path) -> None:
    for name in ("class 10", "class 9", "class 1"):
        for index in (10, 9, 1):
            picture(tmp_path / f"d/{name}/{index}.png", (index, 0, 0), (8, 8))
    data = load_data(tmp_path / "d", validation=0, image_size=8)
    assert data.class_names == ("class 1", "class 9", "class 10")
    assert data.parts["train"].images[:, 0, 0, 0].tolist() == [1, 9, 10] * 3


def test_unusual_names_work(tmp_path: Path) -> None:
    names = ("Bücher & Hefte", "猫 の 写真", "it's 100 % [new]", "-dash")
    for name in names:
        for index in range(3):
            picture(tmp_path / f"meine Bilder/{name}/Foto {index} ü.png")
    data = load_data(str(tmp_path / "meine Bilder"))
    assert set(data.class_names) == set(names)
    assert data.skipped == ()


def test_accents_are_composed_so_that_parts_agree(tmp_path: Path) -> None:
    composed, apart = (unicodedata.normalize(form, "Bär") for form in ("NFC", "NFD"))
    for index in range(3):
        picture(tmp_path / f"d/train/{composed}/{index}.png")
        picture(tmp_path / f"d/train/cat/{index}.png")
        picture(tmp_path / f"d/test/{apart}/{index}.png")
    assert load_data(tmp_path / "d").class_names == (composed, "cat")


@pytest.mark.skipif(os.name != "posix", reason="only there are names mere bytes")
def test_names_that_are_no_text_work(pets: Path) -> None:
    folder = os.fsencode(pets) + b"/caf\xe9"
    try:
        os.mkdir(folder)  # noqa: PTH102 - a Path holds no bytes
    except OSError:
        pytest.skip("this file system takes no such names")
    for index in range(3):
        shutil.copy(pets / "cat/0.png", folder + f"/{index}.png".encode())
    Path(os.fsdecode(folder + b"/bad\xff.png")).touch()
    data = load_data(pets)
    assert data.class_names == ("caf�", "cat", "dog")
    assert data.skipped == (("caf�/bad�.png", "the file is empty (0 bytes)"),)
    assert load_data(pets).skipped == data.skipped


@pytest.mark.parametrize("root", [".", "pets", "./pets/", "../here/pets"])
def test_skipped_files_are_told_from_the_root_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str
) -> None:
    for index in range(3):
        picture(tmp_path / f"here/pets/train/cat/{index}.png")
        picture(tmp_path / f"here/pets/train/dog/{index}.png")
    deep = tmp_path / "here/pets/train/cat/old/deep.txt"
    deep.parent.mkdir()
    deep.touch()
    monkeypatch.chdir(tmp_path / "here" / ("pets" if root == "." else ""))
    data = load_data(Path(root))
    assert data.skipped == (("train/cat/old/deep.txt", "not a picture ending (.txt)"),)
    assert data.name == "pets"


def test_hidden_files_and_litter_are_ignored(pets: Path) -> None:
    picture(pets / ".thumbnails/1.png")
    picture(pets / "cat/.hidden.png")
    picture(pets / "__MACOSX/cat/1.png")
    for name in (".DS_Store", "Thumbs.db", "desktop.ini"):
        (pets / "cat" / name).write_text("?")
    data = load_data(pets)
    assert data.skipped == ()
    assert data.class_names == ("cat", "dog")


def test_links_are_followed_but_not_in_circles(pets: Path, tmp_path: Path) -> None:
    for index in range(3):
        picture(tmp_path / f"elsewhere/{index}.png")
    (pets / "bird").symlink_to(tmp_path / "elsewhere")
    (pets / "cat/up").symlink_to(pets)
    (pets / "cat/here").symlink_to(pets / "cat")
    (pets / "cat/round.png").symlink_to("round.png")
    (pets / "cat/lost.png").symlink_to("nothing")
    (pets / "round").symlink_to("round")
    data = load_data(pets)
    assert data.class_names == ("bird", "cat", "dog")
    assert sum(len(part) for part in data.parts.values()) == 13
    assert data.skipped == (
        ("cat/lost.png", "a link that leads nowhere"),
        ("cat/round.png", "a link that leads nowhere"),
    )


# Decoded once.


def count_reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    read, original = [], folders.read_with_size

    def counting(path: str, shape: tuple[int, int, int]) -> object:
        read.append(path)
        return original(path, shape)

    monkeypatch.setattr(folders, "read_with_size", counting)
    return read


def test_pictures_are_decoded_once(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = count_reads(monkeypatch)
    first = load_data(pets)
    assert len(read) == 10
    again = load_data(pets, validation=0, split_seed=3)
    assert len(read) == 10
    assert again.fingerprint == first.fingerprint
    load_data(pets, image_size=32)
    assert len(read) == 20
    load_data(pets)
    assert len(read) == 20


def changes() -> dict[str, Callable[[Path], object]]:
    return {
        "added": lambda pets: picture(pets / "cat/new.png"),
        "removed": lambda pets: (pets / "cat/0.png").unlink(),
        "renamed": lambda pets: (pets / "cat/0.png").rename(pets / "cat/00.png"),
        "moved": lambda pets: (pets / "cat/0.png").rename(pets / "dog/00.png"),
        "written anew": lambda pets: picture(pets / "cat/0.png", "yellow"),
        "touched": lambda pets: os.utime(pets / "cat/0.png", ns=(0, 0)),
        "a foreign file": lambda pets: (pets / "cat/notes.txt").write_text("?"),
        "a picture beside": lambda pets: picture(pets / "beside.png"),
    }


@pytest.mark.parametrize("change", changes().values(), ids=changes())
def test_a_changed_folder_is_noticed(
    pets: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object]
) -> None:
    load_data(pets)
    read = count_reads(monkeypatch)
    change(pets)
    load_data(pets)
    assert len(read) >= 9


def test_a_changed_folder_keeps_one_entry(pets: Path, own_cache: Path) -> None:
    load_data(pets)
    picture(pets / "cat/new.png")
    load_data(pets)
    (entry,) = own_cache.iterdir()
    assert sorted(path.name.split("-")[0] for path in entry.iterdir()) == [
        "images",
        "labels",
        "record.json",
        "sizes",
    ]


def test_order_does_not_depend_on_threads(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(600):
        kind = ("cat", "dog")[index % 2]
        picture(tmp_path / f"d/{kind}/{index}.png", (index % 256, index // 256, 0), (9, 9))
    seen = set()
    for cores in (1, 8):
        monkeypatch.setattr(folders, "usable_cores", lambda cores=cores: cores)
        seen.add(load_data(tmp_path / "d", image_size=9).fingerprint)
        shutil.rmtree(own_cache)
    assert len(seen) == 1


def test_sizes_of_the_files_are_kept(pets: Path) -> None:
    picture(pets / "cat/1x1.png", size=(1, 1))
    picture(pets / "cat/long.png", size=(10_000, 1))
    sizes = load_data(pets).file_sizes
    assert sizes is not None
    assert sizes.shape == (12, 2)
    assert {tuple(size) for size in sizes.tolist()} == {(20, 20), (1, 1), (10_000, 1)}


# Bad files among good ones.


def test_bad_files_are_left_out_and_listed(pets: Path, said: pytest.LogCaptureFixture) -> None:
    good = (pets / "cat/0.png").read_bytes()
    (pets / "cat/empty.png").touch()
    (pets / "cat/text.jpg").write_text("no picture")
    (pets / "dog/half.png").write_bytes(good[: len(good) // 2])
    (pets / "dog/notes.txt").write_text("about dogs")
    (pets / "dog/photo.heic").write_bytes(b"\0\0\0\x18ftypheic")
    (pets / "dog/no ending").write_bytes(good)
    picture(pets / "beside.png")
    data = load_data(pets)
    reasons = dict(data.skipped)
    assert reasons.pop("dog/half.png").startswith(("the file is truncated", "the file is damaged"))
    assert reasons == {
        "beside.png": "it lies outside the class folders",
        "cat/empty.png": "the file is empty (0 bytes)",
        "cat/text.jpg": "not a picture in a format that smalti reads",
        "dog/notes.txt": "not a picture ending (.txt)",
        "dog/photo.heic": "not a picture ending (.heic)",
        "dog/no ending": "it has no picture ending",
    }
    assert sum(len(part) for part in data.parts.values()) == 10
    assert "7 files in pets left out" in said.text
    assert "and 4 more" in said.text
    assert f"smalti data check {pets}" in said.text
    said.clear()
    assert load_data(pets).skipped == data.skipped
    assert "7 files in pets left out" in said.text


def test_a_wrong_ending_does_not_matter(pets: Path) -> None:
    (pets / "cat/0.png").rename(pets / "cat/0.jpg")
    assert load_data(pets).skipped == ()


def test_all_modes_in_one_folder(pets: Path) -> None:
    for mode in ("1", "L", "P", "RGBA", "LA", "I;16"):
        Image.new(mode, (5, 7)).save(pets / f"cat/mode {mode.replace(';', '')}.png")
    Image.new("CMYK", (5, 7)).save(pets / "cat/cmyk.jpg")
    Image.new("RGB", (5, 7)).save(
        pets / "cat/moving.gif", save_all=True, append_images=[Image.new("RGB", (5, 7), "red")]
    )
    data = load_data(pets)
    assert data.skipped == ()
    assert sum(len(part) for part in data.parts.values()) == 18


def test_a_class_without_readable_pictures_is_left_out_and_said(
    pets: Path, said: pytest.LogCaptureFixture
) -> None:
    (pets / "bird").mkdir()
    (pets / "ant").mkdir()
    (pets / "ant/1.png").touch()
    data = load_data(pets)
    assert data.class_names == ("cat", "dog")
    assert "The class 'bird' is left out: none of its pictures" in said.text
    assert "The class 'ant' is left out" in said.text


def test_a_folder_that_is_no_part_is_listed(parted: Make) -> None:
    root = parted()
    picture(root / "old/cat/1.png")
    picture(root / "train/beside.png")
    assert set(load_data(root).skipped) == {
        ("old", "a folder that is neither train, val nor test"),
        ("train/beside.png", "it lies outside the class folders"),
    }


# Refused.


def nothing(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()


def flat(tmp_path: Path) -> None:
    for index in range(3):
        picture(tmp_path / f"d/{index}.png")


def empty_classes(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "d" / name).mkdir(parents=True)


def only_text(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "d" / name).mkdir(parents=True)
        (tmp_path / "d" / name / "a.txt").write_text("?")


def unreadable_pictures(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "d" / name).mkdir(parents=True)
        (tmp_path / "d" / name / "a.png").write_text("?")


def one_class(tmp_path: Path) -> None:
    for index in range(3):
        picture(tmp_path / f"d/cat/{index}.png")


def one_readable_class(tmp_path: Path) -> None:
    one_class(tmp_path)
    (tmp_path / "d/dog").mkdir()
    (tmp_path / "d/dog/1.png").touch()


def wrapped(tmp_path: Path) -> None:
    for index in range(3):
        picture(tmp_path / f"d/pets/cat/{index}.png")
        picture(tmp_path / f"d/pets/dog/{index}.png")


def single_picture(tmp_path: Path) -> None:
    for index in range(5):
        picture(tmp_path / f"d/train/cat/{index}.png")
        picture(tmp_path / f"d/test/cat/{index}.png")
    picture(tmp_path / "d/train/dog/1.png")


def class_unknown(tmp_path: Path) -> None:
    for index in range(3):
        picture(tmp_path / f"d/train/cat/{index}.png")
        picture(tmp_path / f"d/train/dog/{index}.png")
        picture(tmp_path / f"d/test/Dogs/{index}.png")


def train_unreadable(tmp_path: Path) -> None:
    for index in range(3):
        picture(tmp_path / f"d/train/cat/{index}.png")
        picture(tmp_path / f"d/train/dog/{index}.png")
        picture(tmp_path / f"d/test/ant/{index}.png")
    (tmp_path / "d/train/ant").mkdir()
    (tmp_path / "d/train/ant/1.png").touch()


def no_train(tmp_path: Path) -> None:
    picture(tmp_path / "d/test/cat/1.png")
    picture(tmp_path / "d/val/cat/1.png")


def flat_train(tmp_path: Path) -> None:
    picture(tmp_path / "d/train/cat.0.png")
    picture(tmp_path / "d/test/cat.1.png")


def two_validations(tmp_path: Path) -> None:
    for part in ("train", "val", "valid"):
        picture(tmp_path / f"d/{part}/cat/1.png")


def only_arrays(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/mnist.npz").touch()


REFUSED: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "empty": (nothing, r"The folder .*d is empty", "one folder for each class"),
    "flat": (flat, "holds 3 pictures, but no class folders", "d/cat/1.jpg"),
    "empty classes": (empty_classes, "has class folders, but no pictures in them", ".jpg"),
    "only text": (only_text, "has class folders, but no pictures in them", ".png"),
    "unreadable": (
        unreadable_pictures,
        r"No picture of train in .*d could be read \(2 files tried\)",
        "cat/a.png: not a picture in a format",
    ),
    "one class": (one_class, r"pictures of one class only \('cat'\)", "one folder for each class"),
    "one readable class": (one_readable_class, r"pictures of one class only \('cat'\)", ""),
    "wrapped": (wrapped, "a single folder, 'pets', with the class folders inside", "d/pets"),
    "single picture": (single_picture, r"Too few pictures in class 'dog' \(1\)", "validation 0"),
    "class unknown": (
        class_unknown,
        r"The class 'Dogs' is in the test part of .*d, but train has no picture of it\. "
        r"Did you mean 'dog'\?",
        "trained on",
    ),
    "class unreadable in train": (train_unreadable, "The class 'ant' is in the test part", ""),
    "no train": (no_train, "has test and val, but no train folder|val and test", "train/cat"),
    "flat train": (flat_train, "train holds no class folders", "train/cat/1.jpg"),
    "two validations": (two_validations, "two validation folders: val and valid", "Keep one"),
    "only arrays": (only_arrays, "holds no class folders of pictures", "mnist.npz"),
}


@pytest.mark.parametrize(("make", "words", "hint"), REFUSED.values(), ids=REFUSED)
def test_other_folders_are_refused(
    tmp_path: Path, own_cache: Path, make: Callable[[Path], None], words: str, hint: str
) -> None:
    make(tmp_path)
    with pytest.raises(SmaltiError, match=words) as caught:
        load_data(tmp_path / "d")
    assert hint in caught.value.hint
    assert not isinstance(caught.value, MachineError)
    assert not [path for path in own_cache.glob("*") if path.name.startswith(".building")]


def test_pictures_that_the_disk_refuses_are_the_machines_failure(
    pets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str, shape: object) -> None:
        raise folders.PictureError("the file cannot be read (Permission denied)")

    monkeypatch.setattr(folders, "read_with_size", refuse)
    with pytest.raises(MachineError, match="No picture of train") as caught:
        load_data(pets)
    assert "Permission denied" in caught.value.hint
