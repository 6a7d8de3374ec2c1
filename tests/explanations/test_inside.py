"""Sheets of filters and feature maps, read back value by value."""

import numpy as np
import pytest
import torch
from torch import nn

from smalti import api, names
from smalti.explanations.inside import feature_maps, first_filters
from tests.formats.untrained import untrained_run
from tests.support import shapes


def test_filters_stand_in_rows_with_zero_grey_and_the_largest_white():
    network = nn.Sequential(nn.Conv2d(1, 17, 2), nn.Flatten())
    with torch.no_grad():
        network[0].weight.zero_()
        network[0].weight[1] = torch.tensor([[0.5, -0.5], [0.25, 0.0]])
    sheet = first_filters(network, (8, 8, 1))
    assert sheet.label == "17 filters of the first layer, 2×2"
    assert sheet.picture.shape == (5, 47, 1)
    assert sheet.picture[:2, 3:5, 0].tolist() == [[255, 0], [191, 128]]
    assert (sheet.picture[:2, :2] == 128).all()
    assert (sheet.picture[3:, 3:] == 255).all()  # the second row holds one filter


def test_units_of_a_dense_layer_are_pictures_in_the_order_of_its_inputs():
    network = nn.Sequential(nn.Flatten(), nn.Linear(2 * 3 * 3, 2))
    with torch.no_grad():
        network[1].weight.zero_()
        network[1].weight[0, 0] = 1.0  # red, upper left
        network[1].weight[0, 17] = -1.0  # blue, lower right
    sheet = first_filters(network, (2, 3, 3))
    assert sheet.picture[0, 0].tolist() == [255, 128, 128]
    assert sheet.picture[1, 2].tolist() == [128, 128, 0]


def test_maps_of_each_size_are_the_last_ones_most_varied_first():
    network = nn.Sequential(
        nn.Conv2d(1, 2, 1), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Flatten()
    )
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([1.0, 3.0]).reshape(2, 1, 1, 1))
        network[0].bias.zero_()
    picture = torch.arange(16.0).reshape(1, 1, 4, 4)
    large, small = feature_maps(network, picture)
    assert (large.label, small.label) == ("2 maps of 4×4", "2 maps of 2×2")
    ramp = np.rint(255 * np.arange(16) / 15).reshape(4, 4)
    np.testing.assert_array_equal(large.picture[:, :4, 0], ramp)
    assert small.picture.shape == (2, 5, 1)


@pytest.mark.parametrize("model", names.MODELS)
def test_every_network_shows_its_inside(tmp_path, model):
    classifier = api.load(untrained_run(tmp_path, {"model.name": model}, shape=(12, 12, 3)))
    images, _ = shapes(1, channels=3)
    images.setflags(write=False)
    maps = feature_maps(classifier.model, classifier.prepared(images))
    assert bool(maps) == (model != "dense")
    filters = first_filters(classifier.model, (12, 12, 3))
    assert filters is not None
    assert filters.picture.dtype == np.uint8
