"""Pictures in any number, size and number of classes, as arrays and as folders of PNG files."""

from __future__ import annotations

import io
import os
from functools import cached_property
from pathlib import Path

import numpy as np

from smalti.data.dataset import Part

TEST_PICTURES = 100
"""A test part has to be there, or a part of training would become one."""


class Source:
    """Pictures to take from, repeated where there are not enough; files go into ``scratch``."""

    def __init__(self, part: Part, scratch: Path) -> None:
        self.part, self.scratch = part, scratch

    def arrays(self, images: int, side: int, classes: int) -> Path:
        """Return an ``.npz`` file of so many training pictures, ``side`` pixels square."""
        pictures, labels = self._scaled(images, side), self.labels(images, classes)
        path = self.scratch / f"pictures-{images}-{side}-{classes}.npz"
        first = slice(0, TEST_PICTURES)
        np.savez(
            path, x_train=pictures, y_train=labels, x_test=pictures[first], y_test=labels[first]
        )
        return path

    def folder(self, images: int, classes: int) -> Path:
        """Return a folder of class folders with so many training pictures as PNG files.

        Every file is written once; a folder of fewer pictures holds hard links to the first.
        """
        labels = self.labels(images, classes)
        written = self._written(labels)
        root = self.scratch / f"folder-{images}"
        for part, count in (("train", images), ("test", min(images, TEST_PICTURES))):
            for label in range(classes):
                (root / part / _class_name(label)).mkdir(parents=True)
            for place in range(count):
                os.link(written[place], root / part / _class_name(labels[place]) / f"{place}.png")
        return root

    def labels(self, images: int, classes: int) -> np.ndarray:
        """Return the pictures' own labels where the number of classes is theirs, else in turns."""
        places = np.arange(images)
        if classes == int(self.part.labels.max()) + 1:
            return self.part.labels[places % len(self.part)]
        return places % classes

    def _scaled(self, images: int, side: int) -> np.ndarray:
        from PIL import Image

        pictures = self.part.pictures(np.arange(images) % len(self.part))
        if pictures.shape[1] == side:
            return pictures
        size = (side, side)
        return np.stack([np.asarray(Image.fromarray(p).resize(size)) for p in pictures])

    def _written(self, labels: np.ndarray) -> list[Path]:
        """Return the files of the first pictures; those that are missing are written."""
        home = self.scratch / "written"
        home.mkdir(exist_ok=True)
        paths = [home / f"{place}.png" for place in range(len(labels))]
        for place, path in enumerate(paths):
            if not path.exists():
                path.write_bytes(self._encoded[place % len(self._encoded)])
        return paths

    @cached_property
    def _encoded(self) -> list[bytes]:
        from PIL import Image

        encoded = []
        for picture in self.part.pictures():
            content = io.BytesIO()
            Image.fromarray(picture).save(content, "png")
            encoded.append(content.getvalue())
        return encoded


def _class_name(label: int) -> str:
    return f"class-{label:04d}"
