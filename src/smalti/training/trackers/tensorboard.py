"""TensorBoard: event files in the run's folder."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smalti.runs import Run
from smalti.training.trackers.tracker import FINAL_ACCURACY, Tracker, as_text


class TensorBoard(Tracker):
    """Scalars by epoch, and the recipe's fields under HPARAMS beside the final accuracy."""

    package = "tensorboard"

    def begin(
        self, run: Run, settings: Mapping[str, Any], known: Mapping[str, str]
    ) -> dict[str, str]:
        """Add an event file to the run's; what those hold already is read from them."""
        from torch.utils.tensorboard import SummaryWriter
        from torch.utils.tensorboard.summary import hparams

        folder = run.log_folder(self.name)
        self.last_epoch = _last_epoch(folder)
        self._writer: Any = SummaryWriter(str(folder))
        values = {name: _plain(value) for name, value in settings.items()}
        described, began, self._ended = hparams(values, {FINAL_ACCURACY: None})
        if not known:
            self._add(described)
            self._add(began)
        self._writer.flush()
        # The folder of runs: several are compared on one page, each under its own name.
        self.look = f"tensorboard --logdir {shlex.quote(str(run.path.parent))}"
        return {"folder": folder.name}

    def log(self, epoch: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, epoch)
        self._writer.flush()

    def end(self, values: Mapping[str, float], finished: bool) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, self.last_epoch)
        if finished:
            self._add(self._ended)
        self._writer.close()

    def _add(self, summary: Any) -> None:
        self._writer.file_writer.add_summary(summary)


def _plain(value: Any) -> bool | int | float | str:
    return value if isinstance(value, bool | int | float | str) else as_text(value)


def _last_epoch(folder: Path) -> int:
    """Return the last epoch in a folder's event files, 0 where there is none."""
    if not folder.exists():
        return 0
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
    tags = events.Tags()["scalars"]
    return max((event.step for tag in tags for event in events.Scalars(tag)), default=0)
