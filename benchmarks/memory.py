"""Peak memory of ``smalti train cifar10 --recipe cnn --epochs 1``, as the kernel counts it.

The largest resident set of the process (``ru_maxrss``): code, weights, activations, and the pages
of the memory-mapped pictures that were touched. Beside it, the same figure for an interpreter that
only imports torch. Needs CIFAR-10 at hand.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks import processes, results

TRAIN = ("train", "cifar10", "--recipe", "cnn", "--epochs", "1")


def measure(folder: Path = results.RESULTS) -> Path:
    """Measure and store the row ``memory``."""
    torch_alone = processes.run([sys.executable, "-c", "import torch"])
    with tempfile.TemporaryDirectory() as scratch:
        training = processes.run([processes.SMALTI, *TRAIN, "--out", scratch])
    figures = {
        "method": "benchmarks/memory.py",
        "command": " ".join(("smalti", *TRAIN)),
        "peak_bytes": training.peak_bytes,
        "import_torch_bytes": torch_alone.peak_bytes,
        "seconds": round(training.seconds, 1),
    }
    return results.write("memory", figures, folder)
