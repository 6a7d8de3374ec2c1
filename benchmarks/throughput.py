"""Training speed: smalti's own loop against a bare hand-written one, images a second.

Row D2's network, batch 64, 32×32 colour pictures (random ones: the arithmetic does not depend on
what they show), the `cnn` recipe. Three sides in one process, on one machine, in the same
precision, layout and thread count: the bare loop of ``bare.py``, smalti without augmentation, and
smalti with its augmentation. Inside the time: everything that an epoch does but validation; all
three are run once before the clock starts. Ratios are taken turn by turn; median, minimum and
maximum are quoted, and every turn is kept.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from benchmarks import results
from benchmarks.alternating import Work, alternate, ratios
from benchmarks.bare import BareLoop
from smalti import device
from smalti.data.dataset import Dataset, Part
from smalti.recipes import Recipe, resolve
from smalti.training.progress import Listener
from smalti.training.trainer import Trainer

BATCH = 64
BARE, PLAIN, AUGMENTED = "bare loop", "smalti", "smalti, augmented"


def measure(turns: int = 9, batches: int = 100, folder: Path = results.RESULTS) -> Path:
    """Measure and store the row ``throughput``; each side runs ``batches`` steps in a turn."""
    hardware = device.choose()
    dataset = random_pictures(batches * BATCH)
    sides: dict[str, Work] = {
        BARE: bare_epochs(dataset, hardware),
        PLAIN: smalti_epochs(dataset, hardware, _recipe({"augmentation.policy": "none"})),
        AUGMENTED: smalti_epochs(dataset, hardware, _recipe({})),
    }
    for work in sides.values():
        work()
    seconds = alternate(sides, turns)
    images = batches * BATCH
    figures = {
        "method": "benchmarks/throughput.py",
        "setting": f"row D2's network, batch {BATCH}, {images} pictures a turn",
        "precision": hardware.precision,
        "channels_last": hardware.channels_last,
        "threads": hardware.threads,
        "images_per_second": {
            name: [results.significant(images / second) for second in values]
            for name, values in seconds.items()
        },
        "ratio": {name: results.spread(ratios(seconds, name, BARE)) for name in (PLAIN, AUGMENTED)},
    }
    return results.write("throughput", figures, folder)


def random_pictures(n: int) -> Dataset:
    """Return ``n`` random training pictures 32×32×3 of ten classes."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)
    part = Part.whole(images, random.integers(0, 10, n))
    names = tuple(str(digit) for digit in range(10))
    return Dataset("random", "random", names, {"train": part}, fingerprint="random")


def _recipe(options: dict[str, str]) -> Recipe:
    return resolve("cnn", "cifar10", {"training.batch_size": BATCH, **options})


def smalti_epochs(dataset: Dataset, hardware: device.Hardware, recipe: Recipe) -> Work:
    """Return the work of one of smalti's epochs, without validation."""
    trainer, listener = Trainer(recipe, dataset, hardware), Listener()
    epoch = 0

    def work() -> None:
        nonlocal epoch
        epoch += 1
        # The plan's length does not matter here; its end must not be passed.
        trainer.train_epoch(min(epoch, recipe.training.epochs), 1.0, listener)

    return work


def bare_epochs(dataset: Dataset, hardware: device.Hardware) -> Work:
    """Return the work of one epoch of the bare loop on the same pictures."""
    part = dataset.part("train")
    images, labels = torch.from_numpy(part.images), torch.from_numpy(part.labels)
    return BareLoop(images, labels, hardware, BATCH).epoch
