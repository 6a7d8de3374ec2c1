"""One training of the record's port as a command of its own; it prints one line of JSON.

``python -m benchmarks.record cifar10 --seed 0`` trains on every training picture and judges on the
test set, with one view of each picture and with six. Time, as in every training that is compared
here, is that of training; that of judging is given beside it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Any

from benchmarks.arithmetic import effort
from benchmarks.record_port import Plan, RecordNet, Result, train
from smalti import api, device
from smalti.data.dataset import Dataset
from smalti.device import Hardware


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, judge and print, as the arguments say."""
    asked = _parser().parse_args(arguments)
    hardware = device.choose(asked.device, threads=asked.threads)
    dataset = api.load_data(asked.data, validation=0)
    plan = Plan(epochs=asked.epochs, batch_size=asked.batch_size)
    print(json.dumps(_figures(_trained(dataset, plan, hardware, asked.seed), dataset, hardware)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Train the port of the CIFAR-10 speed record.")
    parser.add_argument("data", help="32×32 colour pictures: cifar10, or an .npz file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=Plan.epochs)
    parser.add_argument("--batch-size", type=int, default=Plan.batch_size)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=0)
    return parser


def _trained(dataset: Dataset, plan: Plan, hardware: Hardware, seed: int) -> Result:
    known, new = dataset.part("train"), dataset.part("test")
    pictures = (known.pictures(), known.labels, new.pictures(), new.labels)
    return train(*pictures, seed=seed, plan=plan, hardware=hardware)


def _figures(result: Result, dataset: Dataset, hardware: Hardware) -> dict[str, Any]:
    model = RecordNet(classes=dataset.n_classes)
    work = effort(model, dataset.image_shape, result.pictures, hardware.precision)
    return {
        "seconds": result.seconds,
        "judging_seconds": result.judging_seconds,
        "accuracy": {"1": result.one_view, "6": result.six_views},
        "n": len(dataset.part("test")),
        "epochs": result.epochs,
        "flop": work.flop,
        "bytes": work.bytes,
        "device_type": hardware.device,
        "device": hardware.device_name,
        "precision": hardware.precision,
        "threads": hardware.threads,
    }


if __name__ == "__main__":
    main()
