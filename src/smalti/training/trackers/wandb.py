"""Weights & Biases: its service, or with ``WANDB_MODE=offline`` files in the run's folder."""

from __future__ import annotations

import os
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smalti.runs import Run
from smalti.training.trackers.tracker import Tracker

_PROJECT = "smalti"


class WeightsAndBiases(Tracker):
    """One W&B run: configuration, values by epoch, final values in its summary.

    A log that was begun offline cannot be asked what it holds: it is taken to hold every epoch that
    the run has stored. Each resuming offline adds a folder of the same W&B run; all are synced.
    """

    package = "wandb"

    def begin(
        self, run: Run, settings: Mapping[str, Any], known: Mapping[str, str]
    ) -> dict[str, str]:
        """Start a W&B run of the run's name, or go on with the one that is ``known``."""
        import wandb

        identity = known.get("id") or secrets.token_hex(4)
        self.last_epoch = len(run.history()) if known else 0
        self._run: Any = wandb.init(
            project=os.environ.get("WANDB_PROJECT") or _PROJECT,
            name=run.name,
            id=identity,
            resume="allow",
            dir=str(run.path),
            config=dict(settings),
            # A run of its own: what a script has begun itself is left be.
            settings=wandb.Settings(silent=True, console="off", reinit="create_new"),
        )
        folder = shlex.quote(str(Path(self._run.dir).parent))
        self.look = f"wandb sync {folder}" if self._run.offline else str(self._run.url)
        return {"id": identity}

    def log(self, epoch: int, values: Mapping[str, float]) -> None:
        self._run.log({"epoch": epoch, **values}, step=epoch)

    def end(self, values: Mapping[str, float], finished: bool) -> None:
        self._run.summary.update(dict(values))
        self._run.finish(exit_code=0 if finished else 130)
