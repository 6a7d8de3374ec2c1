"""Stored pictures inside the page: size, enlargement, and files that are not what they seem."""

from __future__ import annotations

import base64
import io
import json
import shutil
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from smalti.errors import SmaltiError
from smalti.reporting.facts import read_facts
from smalti.reporting.pictures import Picture, pictures
from smalti.runs import Run


@pytest.fixture
def stored(finished_run: Callable[..., Run]) -> Callable[[np.ndarray], Picture]:
    """Return ``stored(picture)``: what the page is given for it."""

    def store(picture: np.ndarray) -> Picture:
        run = finished_run(evaluated=False)
        run.write_samples("right", [picture], [{"label": "cat"}])
        [shown] = pictures(read_facts(run), "right", 16)
        return shown

    return store


def decoded(picture: Picture) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(picture.uri.partition(",")[2])))


def noise(height: int, width: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)


@pytest.mark.parametrize(("side", "shown"), [(8, 96), (28, 84), (32, 96), (47, 94), (1, 96)])
def test_small_pictures_are_enlarged_by_a_whole_factor(
    stored: Callable[[np.ndarray], Picture], side: int, shown: int
) -> None:
    picture = stored(noise(side, side, 1))
    assert (picture.width, picture.height, picture.pixelated) == (shown, shown, True)


def test_small_pictures_keep_every_pixel(stored: Callable[[np.ndarray], Picture]) -> None:
    original = noise(32, 32)
    assert np.array_equal(np.asarray(decoded(stored(original))), original)


def test_large_pictures_are_shrunk_and_smooth(stored: Callable[[np.ndarray], Picture]) -> None:
    picture = stored(noise(512, 256))
    assert (picture.width, picture.height, picture.pixelated) == (48, 96, False)
    assert decoded(picture).size == (96, 192)
    assert len(picture.uri) < 60_000


def test_only_as_many_as_are_wanted(finished_run: Callable[..., Run]) -> None:
    assert len(pictures(read_facts(finished_run()), "right", 5)) == 5


def test_what_is_known_of_a_prediction(finished_run: Callable[..., Run]) -> None:
    run = finished_run()
    note = run.samples()["wrong"][0]
    shown = pictures(read_facts(run), "wrong", 1)[0]
    assert shown.label == note["label"]
    assert shown.predicted == note["predicted"] != shown.label
    assert shown.confidence == note["confidence"]
    assert shown.index == note["index"]


@pytest.mark.parametrize("name", ["../outside.png", "{run}/outside.png", "a/../right-00.png", ""])
def test_the_index_reaches_no_file_outside(finished_run: Callable[..., Run], name: str) -> None:
    run = finished_run()
    (run.samples_folder / "a").mkdir()
    shutil.copy(run.samples_folder / "right-00.png", run.path / "outside.png")
    entry = {"file": name.format(run=run.path), "label": "cat"}
    (run.samples_folder / "index.json").write_text(json.dumps({"right": [entry]}))
    with pytest.raises(SmaltiError, match="expected the name of a picture beside the index"):
        pictures(read_facts(run), "right", 16)


@pytest.mark.parametrize("keep", [0, 10, 24])
def test_a_truncated_picture_is_named(finished_run: Callable[..., Run], keep: int) -> None:
    run = finished_run()
    run.write_samples("right", [noise(128, 128)], [{"label": "cat"}])
    path = run.samples_folder / "right-00.png"
    path.write_bytes(path.read_bytes()[:keep] + (b"\0" * 9000 if keep == 24 else b""))
    with pytest.raises(SmaltiError, match=r"right-00\.png is damaged") as error:
        pictures(read_facts(run), "right", 16)
    assert "smalti evaluate" in error.value.hint
