"""Heat where the evidence is: networks and pictures for which the answer is known."""

import numpy as np
import pytest
import torch
from torch import nn

import smalti
from smalti import api, names
from smalti.classifier.native import NativeClassifier
from smalti.errors import SmaltiError
from smalti.explanations import gradients, occlusion
from smalti.explanations.explaining import GRADIENTS, OCCLUSION, explain, method_of
from smalti.explanations.overlay import overlay
from smalti.explanations.storing import store_explanations
from smalti.recipes import resolve
from smalti.training import session
from tests.datasets import tiny_dataset
from tests.formats.untrained import untrained_run
from tests.support import shapes


class Corner(nn.Module):
    """Class 1 is as sure as the upper left quarter is bright, class 0 as the rest is."""

    def __init__(self, in_place=True):
        super().__init__()
        self.maps = nn.Conv2d(1, 1, 1)
        nn.init.ones_(self.maps.weight)
        nn.init.zeros_(self.maps.bias)
        self.activation = nn.ReLU(inplace=in_place)

    def forward(self, x):
        maps = self.activation(self.maps(x))
        quarter = maps[:, 0, :6, :6].sum((1, 2))
        return torch.stack([maps.sum((1, 2, 3)) - quarter, quarter], dim=1)


@pytest.mark.parametrize("in_place", [True, False])
def test_gradients_are_warm_where_the_network_looks(in_place):
    network, pictures = Corner(in_place), torch.ones(3, 1, 12, 12)
    heat = gradients.heat_maps(network, pictures, np.array([1, 0, 1]))
    assert heat.shape == (3, 12, 12)
    assert heat[0, :5, :5].min() == 1
    assert heat[0, 7:, 7:].max() == 0
    assert heat[1, :5, :5].max() == 0
    np.testing.assert_array_equal(heat[0], heat[2])


def test_a_map_without_any_evidence_is_cold():
    heat = gradients.heat_maps(Corner(), torch.zeros(1, 1, 12, 12), np.array([1]))
    assert (heat == 0).all()


def test_hidden_parts_cost_where_the_classifier_looks():
    def logits(pictures):
        bright = pictures[:, :10, :10].astype(float).mean((1, 2, 3)) / 20
        return np.stack([np.zeros(len(pictures)), bright], axis=1)

    picture = np.zeros((1, 20, 20, 3), np.uint8)
    picture[:, :10, :10] = 200
    [heat] = occlusion.heat_maps(logits, picture, np.array([1]))
    assert heat[:6, :6].min() > 0.2
    assert heat[14:, 14:].max() == 0
    assert heat.max() == 1


@pytest.mark.parametrize("model", names.MODELS)
def test_every_network_can_be_looked_into(tmp_path, model):
    run = untrained_run(tmp_path, {"model.name": model}, shape=(12, 12, 3))
    classifier, (images, _) = api.load(run), shapes(20, channels=3)
    before = classifier.logits(images)
    found = explain(classifier, images)
    assert [len(reasons) for reasons in found] == [2] * 20
    for reasons, row in zip(found, before, strict=True):
        likely = [classifier.class_names[place] for place in np.argsort(-row)[:2]]
        assert [reason.label for reason in reasons] == likely
        assert all(reason.heat.shape == (12, 12) for reason in reasons)
        assert all(reason.heat.max() in (0, pytest.approx(1)) for reason in reasons)
    np.testing.assert_array_equal(classifier.logits(images), before)


def test_the_deepest_maps_that_are_wide_enough_are_looked_at():
    network = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(2, 3, 1), nn.MaxPool2d(2),
        nn.Conv2d(3, 4, 1), nn.Flatten(), nn.Linear(4 * 9, 2),
    )  # fmt: skip
    assert gradients._layer(network, torch.zeros(1, 1, 12, 12)) is network[2]
    assert gradients._layer(network[5:], torch.zeros(1, 36)) is None


def test_a_bar_is_found_where_it_is(tmp_path):
    options = {
        "training.epochs": 20, "training.batch_size": 16, "model.filters": (8, 8),
        "model.hidden": (16,), "optimizer.learning_rate": 0.01,
    }  # fmt: skip
    run = session.start(resolve("cnn", "tiny", options), tiny_dataset(), tmp_path)
    classifier = api.load(run)
    images, labels = shapes(60)
    bars = images[labels == 0]
    bright = bars[..., 0] > 200
    for looked in (classifier.logits, None):
        if looked is None:
            heat = np.stack([r[0].heat for r in explain(classifier, bars, [["bar"]] * len(bars))])
        else:
            heat = occlusion.heat_maps(looked, bars, np.zeros(len(bars), int))
        assert heat[bright].mean() > 1.5 * heat[~bright].mean()


def test_asked_for_classes_are_explained_in_their_order(tmp_path):
    classifier = api.load(untrained_run(tmp_path, {"model.name": "cnn"}, shape=(12, 12, 3)))
    images, _ = shapes(2, channels=3)
    found = explain(classifier, images, [("ring", "bar"), ("column",)])
    assert [[reason.label for reason in reasons] for reasons in found] == [
        ["ring", "bar"],
        ["column"],
    ]
    with pytest.raises(SmaltiError, match=r"no class 'rnig'.*Did you mean 'ring'"):
        explain(classifier, images, [("rnig",), ()])


def test_files_of_others_are_asked_from_outside(tmp_path):
    run = untrained_run(tmp_path, {"model.name": "dense"}, shape=(12, 12, 3))
    file = api.load(api.export(run, "onnx").path)
    assert method_of(file) == OCCLUSION
    assert method_of(NativeClassifier.load(run)) == GRADIENTS
    images, _ = shapes(1, channels=3)
    [[first, _]] = explain(file, images)
    assert 0 <= first.heat.min() < first.heat.max() <= 1


def test_an_overlay_keeps_the_cold_grey_and_makes_the_hot_warm():
    picture = np.full((10, 10, 3), 100, np.uint8)
    heat = np.zeros((10, 10))
    heat[:4, :4] = 1
    drawn = overlay(picture, heat)
    assert drawn.shape == (90, 90, 3)
    red, _, blue = drawn[5, 5].astype(int)
    assert red > blue + 60
    assert len(set(drawn[-1, -1].tolist())) == 1
    assert overlay(np.zeros((200, 150, 1), np.uint8), np.zeros((200, 150))).shape == (200, 150, 3)


def test_mistakes_are_stored_with_their_reasons(tmp_path):
    options = {"training.epochs": 1, "training.batch_size": 16, "model.hidden": (16,)}
    data = tiny_dataset()
    run = session.start(resolve("dense", "tiny", options), data, tmp_path)
    smalti.evaluate(run, data)
    samples = run.samples()
    assert samples["wrong"], "one epoch should not be enough"
    wanted = [
        (entry["file"], label)
        for entry in samples["wrong"]
        for label in (entry["predicted"], entry["label"])
    ]
    assert [(entry["of"], entry["label"]) for entry in samples["reasons"]] == wanted
    assert all((run.samples_folder / entry["file"]).is_file() for entry in samples["reasons"])
    [filters], maps = samples["filters"], samples["maps"]
    assert filters["label"] == "16 units of the first layer, 12×12"
    assert maps == []  # a dense network has none
    run.write_samples("wrong", [], [])
    store_explanations(run, tiny_dataset().part("test"))
    assert run.samples()["reasons"] == []


def test_a_drawing_has_a_row_a_picture(tmp_path):
    run = untrained_run(tmp_path, {"model.name": "cnn"}, shape=(12, 12, 3))
    images, _ = shapes(2, channels=3)
    drawn = smalti.explain(run, images, classes=["bar"], names=["a", "b"], to=tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    assert "a: bar" in drawn.alt
    assert "b: bar" in drawn.alt
