"""The record of what a run was made with, and what differs when it is continued."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from smalti import device, machine
from smalti.advice.machine import MachineFacts
from smalti.data.dataset import Dataset
from smalti.data.survey import survey
from smalti.device import Hardware, cpu_name
from smalti.errors import SmaltiError, log
from smalti.recipes import Recipe
from smalti.runs import Run
from smalti.training import graphs
from smalti.version import __version__

BIT_DECIDING = ("torch", "device", "device_name", "precision", "channels_last", "threads")
"""What must be the same for a resumed run to end with the same bits."""


def environment(
    recipe: Recipe, dataset: Dataset, hardware: Hardware, command: str
) -> dict[str, Any]:
    """Return the record: versions, machine, choices, data, seed, command."""
    captured = graphs.decide(recipe, hardware)
    return {
        "smalti": __version__,
        "git_commit": git_commit(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "platform": platform.platform(),
        "processor": cpu_name(),
        "device": hardware.device,
        "device_name": hardware.device_name,
        "precision": hardware.precision,
        "precision_reason": hardware.reason,
        "channels_last": hardware.channels_last,
        "threads": hardware.threads,
        "cuda_graph": captured.captured,
        "cuda_graph_reason": captured.reason,
        "deterministic": hardware.device == "cpu" or recipe.training.deterministic,
        "data": data_record(recipe, dataset),
        "seed": recipe.seed,
        "command": command or " ".join(sys.argv),
        "started": now(),
    }


def data_record(recipe: Recipe, dataset: Dataset) -> dict[str, Any]:
    """Return what a run remembers of its data: which they are, how divided, how many."""
    return {
        "name": dataset.name,
        "source": recipe.data.source,
        "fingerprint": dataset.fingerprint,
        "split": dataset.split,
        "division": dataset.division,
        **{part: len(dataset.parts.get(part, ())) for part in ("train", "validation", "test")},
        "skipped": len(dataset.skipped),
        "survey": asdict(survey(dataset)),
    }


def warn_of_differences(run: Run, recorded: dict[str, Any], current: dict[str, Any]) -> None:
    """Refuse other data than the run began with; warn where the bits may come out otherwise."""
    was = recorded.get("data", {}).get("fingerprint")
    if was and was != current["data"]["fingerprint"]:
        raise SmaltiError(
            f"The data changed since {run.path} began: fingerprint {was[:12]} then, "
            f"{current['data']['fingerprint'][:12]} now.",
            f"Restore the data, or start a new run: smalti train DATA --recipe {run.config_file}",
        )
    changed = [
        f"{key} was {recorded.get(key)} and is {current[key]}"
        for key in BIT_DECIDING
        if recorded.get(key) != current[key]
    ]
    if changed:
        log.warning("The bits may differ from an uninterrupted run: %s.", "; ".join(changed))


def machine_facts(hardware: Hardware) -> MachineFacts:
    """Return what the advice on this machine is given from; looks around for a third of a second.

    ``hardware`` is what training would use.
    """
    return MachineFacts(
        device=hardware.device,
        devices=tuple(device.available_devices()),
        unused_gpu=device.gpu_problem(),
        precision=hardware.precision,
        fast_bfloat16=device.fast_at_bfloat16(hardware.device),
        threads=hardware.threads,
        cores=machine.usable_cores(),
        installed=os.cpu_count() or 1,
        limit=machine.cpu_limit(),
        asked_threads=device.asked_threads(),
        busy=machine.busy_cores(),
        memory=machine.memory_free(),
    )


def git_commit() -> str | None:
    """Return the commit of smalti's own checkout, or None for an installed package."""
    root = Path(__file__).resolve().parents[3]
    if not (root / ".git").exists():
        return None
    try:
        answer = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def now() -> str:
    """Return the local time with its offset, to the second."""
    return datetime.now().astimezone().isoformat(timespec="seconds")
