"""The map of pictures: what the last layer is given, brought to two dimensions."""

import numpy as np
import pytest
import torch

from smalti.classifier.native import NativeClassifier
from smalti.data.dataset import Part
from smalti.explanations.embedding import embed, principal_plane
from smalti.names import MODELS
from tests.formats.untrained import untrained_run
from tests.support import shapes


def classifier(tmp_path, model="cnn", shape=(12, 12, 1)):
    return NativeClassifier.load(untrained_run(tmp_path, {"model.name": model}, shape=shape))


@pytest.mark.parametrize("model", MODELS)
def test_the_output_layer_makes_the_logits_of_every_networks_embeddings(model, tmp_path):
    network = classifier(tmp_path, model, (16, 16, 3))
    images, _ = shapes(6, side=16, channels=3)
    found = network.embeddings(images)
    [*_, output] = (m for m in network.model.modules() if isinstance(m, torch.nn.Linear))
    with torch.inference_mode():
        logits = output(torch.from_numpy(found)).numpy()
        expected = network.model(network.prepared(images)).numpy()
    # `fast` scales its logits after the output layer.
    scale = (expected * logits).sum() / (logits * logits).sum()
    np.testing.assert_allclose(logits * scale, expected, rtol=1e-3, atol=1e-5)


def test_the_plane_is_that_of_the_principal_components():
    from sklearn.decomposition import PCA

    values = np.random.default_rng(0).normal(size=(80, 6)) * [5, 3, 1, 1, 0.5, 0.1] + 7
    points, explained = principal_plane(values.astype(np.float32))
    reference = PCA(2).fit(values)
    expected = reference.transform(values)
    np.testing.assert_allclose(np.abs(points), np.abs(expected), rtol=1e-3, atol=1e-4)
    assert explained == pytest.approx(tuple(reference.explained_variance_ratio_), rel=1e-4)


@pytest.mark.parametrize("values", [np.ones((5, 3)), np.ones((1, 4)), np.ones((4, 1))])
def test_what_does_not_vary_lies_at_zero(values):
    points, explained = principal_plane(values.astype(np.float32))
    assert points.shape == (len(values), 2)
    assert not points.any()
    assert explained == (0.0, 0.0)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_sheet_has_the_sampled_pictures_in_order(channels, tmp_path):
    images, labels = shapes(30, channels=channels)
    part = Part.whole(images, labels)
    found = embed(classifier(tmp_path, shape=(12, 12, channels)), part, sampled=20)
    assert found.across == 5
    assert found.sheet.shape == (4 * 12, 5 * 12, channels)
    assert len(set(found.indices.tolist())) == 20
    assert found.indices.tolist() == sorted(found.indices)
    for number, index in enumerate(found.indices):
        row, column = divmod(number, 5)
        tile = found.sheet[12 * row : 12 * row + 12, 12 * column : 12 * column + 12]
        assert np.array_equal(tile, images[index])
    again = embed(classifier(tmp_path, shape=(12, 12, channels)), part, sampled=20)
    assert np.array_equal(again.points, found.points)


def test_large_pictures_are_made_small(tmp_path):
    images, labels = shapes(5, side=64, channels=3)
    network = classifier(tmp_path, shape=(64, 64, 3))
    found = embed(network, Part.whole(images, labels))
    assert found.sheet.shape == (2 * 32, 3 * 32, 3)
    assert len(found.points) == 5
