"""What a person waits for: ``smalti --help``, and ``smalti predict`` of one picture.

Each is a fresh process, ``n`` times, in turns with an interpreter that does nothing (the part no
program can avoid). The files are in the page cache, as on any second use. For prediction a CIFAR
size network (row D2's `cnn`) is trained briefly on random pictures first, outside the time. The
slowest imports are kept beside the seconds (``python -X importtime``).
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import processes, results
from benchmarks.alternating import Work, alternate

NOTHING, HELP, PREDICT = "python -c pass", "smalti --help", "smalti predict"


def measure(turns: int = 10, folder: Path = results.RESULTS) -> Path:
    """Measure and store the row ``startup``."""
    with tempfile.TemporaryDirectory() as scratch:
        run, picture = brief_run(Path(scratch))
        commands = {
            NOTHING: [sys.executable, "-c", "pass"],
            HELP: [processes.SMALTI, "--help"],
            PREDICT: [processes.SMALTI, "predict", str(run), str(picture)],
        }
        sides: dict[str, Work] = {name: _repeat(command) for name, command in commands.items()}
        for work in sides.values():
            work()
        seconds = alternate(sides, turns)
        imports = {name: slowest_imports(commands[name]) for name in (HELP, PREDICT)}
    figures = {
        "method": "benchmarks/startup.py",
        "n": turns,
        "seconds": {name: [round(s, 4) for s in values] for name, values in seconds.items()},
        "summary": {name: results.spread(values) for name, values in seconds.items()},
        "slowest_imports_ms": imports,
    }
    return results.write("startup", figures, folder)


def brief_run(folder: Path) -> tuple[Path, Path]:
    """Train on random 32×32 colour pictures; return the run folder and a picture's file."""
    from PIL import Image

    random = np.random.default_rng(0)
    images = random.integers(0, 256, (400, 32, 32, 3), dtype=np.uint8)
    np.savez(folder / "random.npz", x_train=images, y_train=np.arange(400) % 10)
    Image.fromarray(images[0]).save(folder / "picture.png")
    train = [processes.SMALTI, "train", str(folder / "random.npz"), "--recipe", "cnn"]
    processes.run([*train, "--epochs", "1", "--out", str(folder / "runs")])
    (run,) = (folder / "runs").iterdir()
    return run, folder / "picture.png"


def slowest_imports(command: list[str], top: int = 12) -> dict[str, float]:
    """Return the imports with the largest own time, in milliseconds, largest first."""
    told = processes.run(command, {"PYTHONPROFILEIMPORTTIME": "1"}).stderr
    lines = re.findall(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", told, re.MULTILINE)
    own = sorted(((int(microseconds), name) for microseconds, name in lines), reverse=True)
    return {name: round(microseconds / 1000, 1) for microseconds, name in own[:top]}


def _repeat(command: list[str]) -> Work:
    def work() -> None:
        processes.run(command)

    return work
