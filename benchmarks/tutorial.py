"""Training speed against the loop that PyTorch's tutorials teach, images a second.

Row D2's network, batch 64, 32×32 colour pictures. The tutorial's side is what a beginner copies: a
``Dataset`` that converts one picture at a time, a ``DataLoader`` that shuffles (0 worker processes,
its default, and 2), float32, Adam at 0.001, the loss read after every batch. smalti is the loop of
``smalti train`` with the same optimizer, without augmentation, in the number format that it chooses
here, and in float32. All sides in turns in one process, with the same pictures in memory; inside
the time: one pass over them, the start of the workers too. No other work but training.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from benchmarks import against_keras, bare, results
from benchmarks.alternating import Work, alternate, ratios
from benchmarks.throughput import BATCH, random_pictures, smalti_epochs
from smalti import device, wording
from smalti.data.dataset import Part

WORKERS = (0, 2)
SMALTI, SMALTI_FLOAT32 = "smalti", "smalti, float32"

Pair = tuple[torch.Tensor, int]


class OnePictureAtATime(Dataset[Pair]):
    """Pictures as torchvision's ``ToTensor`` and ``Normalize`` hand them out, without the package.

    Float32 C×H×W, normalised by CIFAR-10's mean and deviation, with an integer label.
    """

    def __init__(self, part: Part) -> None:
        self.images, self.labels = part.pictures(), part.labels
        self._mean = torch.tensor(bare.CIFAR_MEAN).view(3, 1, 1)
        self._std = torch.tensor(bare.CIFAR_STD).view(3, 1, 1)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, place: int) -> Pair:
        picture = torch.from_numpy(self.images[place]).permute(2, 0, 1).contiguous()
        return picture.float().div(255).sub(self._mean).div(self._std), int(self.labels[place])


@dataclass
class TutorialLoop:
    """The loop with its network, optimizer and loader; :meth:`epoch` passes once over all."""

    loader: DataLoader[Pair]
    place: torch.device

    def __post_init__(self) -> None:
        torch.manual_seed(0)
        self.model = bare.network().to(self.place)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.001)
        self.criterion = nn.CrossEntropyLoss()

    def epoch(self) -> None:
        """Pass once over the pictures in a new random order."""
        self.model.train()
        running_loss = 0.0
        for inputs, labels in self.loader:
            inputs, labels = inputs.to(self.place), labels.to(self.place)
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(inputs), labels)
            loss.backward()
            self.optimizer.step()
            running_loss += loss.item()


def measure(turns: int = 5, batches: int = 100, folder: Path = results.RESULTS) -> Path:
    """Measure and store the row ``tutorial``; each side runs ``batches`` steps in a turn."""
    hardware = device.choose()
    images = batches * BATCH
    sides = _sides(images, hardware)
    for work in sides.values():
        work()
    seconds = alternate(sides, turns)
    figures = {
        "method": "benchmarks/tutorial.py",
        "setting": f"row D2's network, batch {BATCH}, {images} pictures a turn",
        "n": turns,
        "precision": hardware.precision,
        "threads": hardware.threads,
        "images_per_second": {
            name: [results.significant(images / second) for second in values]
            for name, values in seconds.items()
        },
        "ratio": {
            smalti: {
                name: results.spread(ratios(seconds, smalti, name)) for name in map(called, WORKERS)
            }
            for smalti in (SMALTI, SMALTI_FLOAT32)
        },
    }
    return results.write("tutorial", figures, folder)


def called(workers: int) -> str:
    """Return what the tutorial's side with so many worker processes is called."""
    return f"tutorial's loop, {wording.plural(workers, 'worker')}"


def _sides(images: int, hardware: device.Hardware) -> dict[str, Work]:
    dataset = random_pictures(images)
    part = OnePictureAtATime(dataset.part("train"))
    recipe = against_keras.recipe()
    plain = device.choose(precision="float32")
    return {
        **{
            called(workers): TutorialLoop(
                DataLoader(part, batch_size=BATCH, shuffle=True, num_workers=workers),
                hardware.torch_device(),
            ).epoch
            for workers in WORKERS
        },
        SMALTI: smalti_epochs(dataset, hardware, recipe),
        SMALTI_FLOAT32: smalti_epochs(dataset, plain, recipe),
    }
