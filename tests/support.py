"""What tests and their fixtures are made with: tiny pictures, and smalti as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
CLASS_NAMES = ("bar", "column", "ring")

SMALTI = (sys.executable, "-c", "import sys; from smalti.cli.main import main; sys.exit(main())")
"""The command line of this checkout, installed or not."""


def process_environment(changes: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """Return this process's variables, this checkout first on the path, with changes."""
    source = str(REPOSITORY / "src")
    old = os.environ.get("PYTHONPATH")
    variables: dict[str, str | None] = {
        **os.environ,
        "PYTHONPATH": f"{source}{os.pathsep}{old}" if old else source,
        "PYTHONWARNINGS": "error",
        "COLUMNS": "100",
        **(changes or {}),
    }
    return {key: value for key, value in variables.items() if value is not None}


class CommandLine(Protocol):
    """``cli(*arguments)``: run smalti to its end; ``prefix`` is a command to run it under."""

    def __call__(
        self,
        *arguments: str | Path,
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        prefix: tuple[str, ...] = (),
    ) -> subprocess.CompletedProcess[str]: ...


# Tiny data, learnable within an epoch or two: a bar, a column and a ring, jittered and noisy.


def shapes(
    n: int = 60, side: int = 12, channels: int = 1, classes: int = 3, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return ``n`` uint8 pictures n×side×side×channels and their labels, classes in turn."""
    random = np.random.default_rng(seed)
    labels = np.arange(n, dtype=np.int64) % classes
    images = random.integers(0, 60, (n, side, side, channels), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        top, left = random.integers(0, side // 3, 2)
        _draw(image, CLASS_NAMES[label], top, left, size=side // 2)
    return images, labels


def _draw(image: np.ndarray, shape: str, top: int, left: int, size: int) -> None:
    square = image[top : top + size, left : left + size]
    if shape == "bar":
        square[: size // 3] = 230
    elif shape == "column":
        square[:, : size // 3] = 230
    else:
        square[[0, -1]] = square[:, [0, -1]] = 230
