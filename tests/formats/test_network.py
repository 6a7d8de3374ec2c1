"""Every layer that our networks are made of, and what has no counterpart in exported files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from smalti import names
from smalti.classifier.keras.process import shared
from smalti.formats.exporting import Subject
from smalti.formats.keras import KerasWriter
from smalti.formats.network import Untranslatable, translate
from smalti.formats.onnx import OnnxWriter
from smalti.models.dropout import Dropout

SHAPE = (9, 11, 3)
FILES = ("a.keras", "a.onnx")


def randomised(network: nn.Module) -> nn.Module:
    """Return a network in evaluation mode with random weights and running statistics."""
    torch.manual_seed(0)
    for key, tensor in network.state_dict().items():
        if key.endswith("running_var"):
            tensor.uniform_(0.5, 2)
        elif tensor.is_floating_point():
            tensor.normal_(std=0.4)
    return network.eval()


def written(network: nn.Module, path: Path, shape=SHAPE) -> float:
    """Write a network as a file and return the largest difference of its probabilities."""
    channels = shape[2]
    description = {
        "input_shape": list(shape),
        "class_names": ["a", "b", "c"],
        "preprocessing": {"mean": [0.4] * channels, "std": [0.25] * channels},
    }
    pictures = np.random.default_rng(0).integers(0, 256, (16, *shape), np.uint8)
    subject = Subject("test", description, randomised(network))
    expected = subject.probabilities(pictures)
    writer = OnnxWriter() if path.suffix == ".onnx" else KerasWriter(shared())
    writer.write(subject, path)
    assert expected.std() > 0.05, "a test of equal numbers says nothing"
    return float(np.abs(writer.answer(path, pictures) - expected).max())


class Residual(nn.Module):
    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.body(values) + values)


class Averaging(nn.Module):
    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values.mean(dim=(2, 3))


def head(channels: int) -> list[nn.Module]:
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 3)]


PARTS = {
    "stride 2, padded alike": [nn.Conv2d(3, 4, 3, 2, 1), *head(4)],
    "stride 2 with an even kernel": [nn.Conv2d(3, 4, 4, 2, 1), *head(4)],
    "stride 1, wide padding": [nn.Conv2d(3, 4, 3, padding=2), *head(4)],
    "uneven kernel": [nn.Conv2d(3, 4, (1, 5), padding=(0, 2)), *head(4)],
    "uneven strides": [nn.Conv2d(3, 4, 3, (1, 2), 1), *head(4)],
    "dilated": [nn.Conv2d(3, 4, 3, padding=2, dilation=2), *head(4)],
    "same by name": [nn.Conv2d(3, 4, 5, padding="same"), *head(4)],
    "valid by name": [nn.Conv2d(3, 4, 3, padding="valid", bias=False), *head(4)],
    "grouped": [nn.Conv2d(3, 4, 1), nn.Conv2d(4, 6, 3, groups=2), *head(6)],
    "depthwise": [nn.Conv2d(3, 3, 3, 2, 1, groups=3, bias=False), *head(3)],
    "depthwise, several each": [nn.Conv2d(3, 6, 3, groups=3), *head(6)],
    "depthwise, uneven strides": [nn.Conv2d(3, 6, 3, (1, 2), groups=3), *head(6)],
    "flatten behind a convolution": [nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(126, 3)],
    "norm and dropout between flatten and dense": [
        nn.Flatten(), nn.BatchNorm1d(297), nn.Dropout(0.5), nn.Tanh(), nn.Linear(297, 3)],
    "our own dropout": [nn.Conv2d(3, 4, 3), Dropout(0.5), *head(4)],
    "no learned scale": [nn.BatchNorm2d(3, affine=False), nn.Conv2d(3, 4, 3), *head(4)],
    "max pooling": [nn.MaxPool2d(2), nn.MaxPool2d(3, 1, 1), nn.MaxPool2d(2, 1), *head(3)],
    "average pooling": [nn.Conv2d(3, 4, 3), nn.AvgPool2d(2), *head(4)],
    "maximum of each map": [
        nn.Conv2d(3, 4, 3), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4, 3)],
    "mean over height and width": [nn.Conv2d(3, 4, 3), Averaging(), nn.Linear(4, 3)],
    "a sum": [Residual(nn.Conv2d(3, 3, 3, padding=1)), nn.Dropout2d(0.1), *head(3)],
    "vectors flattened again": [*head(3), nn.Flatten()],
    "a bounded activation": [nn.Conv2d(3, 4, 3), nn.ReLU6(), *head(4)],
    "nothing at all between": [nn.Identity(), nn.Flatten(), nn.Linear(297, 3)],
}  # fmt: skip


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("part", PARTS)
def test_every_part_gives_the_same(tmp_path, part, file):
    assert written(nn.Sequential(*PARTS[part]), tmp_path / file) < 1e-5


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("activation", names.ACTIVATIONS)
def test_every_activation_gives_the_same(tmp_path, activation, file):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), names.ACTIVATIONS[activation].load()(), *head(4))
    assert written(network, tmp_path / file) < 1e-5


def test_dropout_is_kept_for_whoever_trains_on():
    network = nn.Sequential(nn.Flatten(), Dropout(0.25), nn.Linear(297, 3))
    kinds = [layer.kind for layer in translate(network, SHAPE, "first")]
    assert kinds == ["Flatten", "Dropout", "Dense"]


class Choosing(nn.Module):
    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values if values.sum() > 0 else -values


class Own(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(1))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values + self.factor


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (nn.PReLU(), "of the kind PReLU"),
        (nn.Conv2d(3, 3, 3, padding=1, padding_mode="reflect"), "padding is reflect"),
        (nn.MaxPool2d(3, 2, 1), "a max pooling is padded"),
        (nn.AvgPool2d(3, 2, 1), "an average pooling is padded"),
        (nn.AdaptiveAvgPool2d(2), "keeps more than one value"),
        (nn.GELU("tanh"), "GELU is an approximation"),
        (Choosing(), "depends on the values"),
        (Own(), "outside of any layer"),
        (nn.BatchNorm2d(3, track_running_stats=False), "keeps no running statistics"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_what_has_no_counterpart_is_said(layer, said):
    with pytest.raises(Untranslatable, match=said):
        translate(nn.Sequential(layer, nn.Flatten()), SHAPE, "first")
