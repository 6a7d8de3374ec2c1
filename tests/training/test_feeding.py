"""What the network is fed: the size of an epoch, mirroring by turns, and the order of changes."""

import numpy as np
import pytest
import torch

from smalti.errors import SmaltiError
from smalti.recipes import resolve
from smalti.training import session
from smalti.training.feeding import Feeder, scaled
from smalti.training.placement import Batch
from smalti.training.progress import Listener
from tests.datasets import tiny_dataset
from tests.training.test_session import StopAfter, digest


def batch(n=6, side=8, channels=1):
    pixels = torch.randint(0, 256, (n, side, side, channels), dtype=torch.uint8)
    return Batch(pixels.permute(0, 3, 1, 2), torch.arange(n), torch.arange(n))


def feeder(n=6, **options):
    dotted = {key.replace("__", "."): value for key, value in options.items()}
    plain = {"augmentation.policy": "none", "model.pooling": "average"}
    return Feeder(resolve("cnn", "tiny", plain | dotted), n)


def sides(sizes, epochs):
    made = feeder(training__image_sizes=sizes, training__epochs=epochs)
    return [made.side(epoch) for epoch in range(1, epochs + 1)]


def test_sizes_follow_one_another_in_equal_parts_of_the_training():
    assert sides((20, 26, 32), 6) == [20, 20, 26, 26, 32, 32]
    assert sides((20, 26, 32), 4) == [20, 20, 26, 32]
    assert sides((20, 26, 32), 2) == [20, 26]
    assert sides((20,), 3) == [20, 20, 20]
    assert sides((), 2) == [None, None]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_scaled_picture_keeps_its_mean_its_type_and_its_proportions(channels):
    pixels = torch.randint(0, 256, (2, 24, 36, channels), dtype=torch.uint8)
    pictures = pixels.permute(0, 3, 1, 2)
    small = scaled(pictures, 12)
    assert small.shape == (2, channels, 12, 18)
    assert small.dtype == torch.uint8
    torch.testing.assert_close(
        small.float().mean((2, 3)), pictures.float().mean((2, 3)), atol=1.5, rtol=0
    )
    assert scaled(pictures, 24) is pictures
    assert scaled(pictures, None) is pictures


def test_the_network_is_fed_the_size_of_the_epoch():
    made = feeder(training__image_sizes=(4, 8), training__epochs=2)
    shown = batch()
    draws = torch.Generator()
    assert made.feed(shown, 1, draws).pictures.shape == (6, 1, 4, 4)
    assert made.feed(shown, 2, draws).pictures is shown.pictures


def test_what_alternates_is_mirrored_whatever_the_policy_is():
    made = feeder(n=50, augmentation__alternating_flip=True)
    shown = batch(50)
    first, second = (made.feed(shown, epoch, torch.Generator()).pictures for epoch in (1, 2))
    assert torch.equal(first, second.flip(3))
    assert not torch.equal(first, shown.pictures)


FAST = {
    "model.filters": (4, 8),
    "augmentation.alternating_flip": True,
    "training.image_sizes": (9, 12),
    "training.epochs": 4,
    "training.batch_size": 16,
    "training.threads": 1,
}


def test_a_fast_training_resumes_to_the_same_bits(tmp_path):
    recipe, data = resolve("fast", "tiny", FAST), tiny_dataset()
    whole = session.start(recipe, data, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        session.start(recipe, data, tmp_path / "cut", StopAfter(2))
    cut = session.resume(type(whole)(tmp_path / "cut" / whole.name), data, Listener())
    assert digest(cut) == digest(whole)


def test_the_whitening_of_a_run_is_kept_with_it(tmp_path):
    run = session.start(resolve("fast", "tiny", FAST), tiny_dataset(), tmp_path)
    weights, _ = run.read_model()
    filters = weights["whitening.weight"]
    half = len(filters) // 2
    assert np.array_equal(filters[:half], -filters[half:])
    assert run.classifier()["model"]["whitening"] is True


@pytest.mark.parametrize(("recipe", "sizes"), [("dense", (8,)), ("cnn", (8,)), ("fast", (4,))])
def test_a_network_that_does_not_take_a_size_is_told_before_anything_begins(
    tmp_path, recipe, sizes
):
    options = {"training.image_sizes": sizes, "training.threads": 1}
    with pytest.raises(SmaltiError, match=r"does not take pictures of \d+ pixels") as caught:
        session.start(resolve(recipe, "tiny", options), tiny_dataset(), tmp_path)
    assert "--model fast" in caught.value.hint
    assert not list(tmp_path.iterdir())
