"""The baseline of the throughput row: row D2's network trained by a bare hand-written loop.

What a careful person writes on one page: the pictures as one uint8 tensor on the device, a
shuffled index, normalised on the fly, bfloat16 autocast and channels-last where the machine is
fast at them, AdamW over one group with decay and one without, a learning rate set every step. No
history, no accuracy, no validation, no checks.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from smalti.device import Hardware

CIFAR_MEAN, CIFAR_STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)


def network(classes: int = 10) -> nn.Sequential:
    """Return row D2's network for 32×32 colour pictures: 815,530 parameters."""
    layers: list[nn.Module] = []
    channels = 3
    for filters in (32, 64, 128):
        for _ in range(2):
            layers += [
                nn.Conv2d(channels, filters, 3, padding=1),
                nn.ReLU(inplace=True),
                nn.BatchNorm2d(filters),
            ]
            channels = filters
        layers += [nn.MaxPool2d(2), nn.Dropout(0.25)]
    layers += [
        nn.Flatten(),
        nn.Linear(128 * 4 * 4, 256),
        nn.ReLU(inplace=True),
        nn.BatchNorm1d(256),
    ]
    layers += [nn.Dropout(0.5), nn.Linear(256, classes)]
    return nn.Sequential(*layers)


class BareLoop:
    """The loop with its state; :meth:`epoch` passes once over all pictures.

    ``images`` is uint8 N×H×W×C, so that a batch of rows is channels-last without a copy;
    ``labels`` is int64 N. A last batch that is not full is left out.
    """

    def __init__(
        self,
        images: torch.Tensor,
        labels: torch.Tensor,
        hardware: Hardware,
        batch_size: int = 64,
        total_epochs: int = 10,
    ) -> None:
        torch.manual_seed(0)
        device = hardware.torch_device()
        self.hardware, self.batch_size = hardware, batch_size
        self.images = images.to(device)
        self.labels = labels.to(device)
        mean, std = torch.tensor(CIFAR_MEAN), torch.tensor(CIFAR_STD)
        self.scale, self.offset = (1 / (255 * std)).to(device), (-mean / std).to(device)
        self.model = network().to(device)
        if hardware.channels_last:
            self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        decayed = [p for p in self.model.parameters() if p.ndim > 1]
        others = [p for p in self.model.parameters() if p.ndim <= 1]
        groups: list[dict[str, Any]] = [
            {"params": decayed, "weight_decay": 0.01},
            {"params": others},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=2e-3, weight_decay=0.0, fused=True)
        self.step, self.total = 0, total_epochs * (len(images) // batch_size)

    def epoch(self) -> None:
        """Pass once over the pictures in a new random order."""
        self.model.train()
        order = torch.randperm(len(self.images)).to(self.images.device)
        for start in range(0, len(order) - self.batch_size + 1, self.batch_size):
            chosen = order[start : start + self.batch_size]
            self._train_on(self.images.index_select(0, chosen), self.labels[chosen])
        if self.images.device.type == "cuda":
            torch.cuda.synchronize()

    def _train_on(self, pictures: torch.Tensor, labels: torch.Tensor) -> None:
        inputs = torch.addcmul(self.offset, pictures.float(), self.scale).permute(0, 3, 1, 2)
        inputs = inputs.contiguous(memory_format=self.hardware.memory_format())
        with self.hardware.autocast():
            logits = self.model(inputs)
        loss = functional.cross_entropy(logits.float(), labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._set_learning_rate()
        self.optimizer.step()

    def _set_learning_rate(self) -> None:
        rate = 1e-3 * (1 + math.cos(math.pi * min(1.0, self.step / self.total)))
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.step += 1
