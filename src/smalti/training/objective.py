"""The loss of a batch: labels, smoothed or mixed, and a teacher's answers."""

from __future__ import annotations

import torch
from torch.nn import functional

from smalti.recipes import TrainingConfig
from smalti.training.teaching import Teacher, distillation_loss


class Objective:
    """What a training step makes smaller."""

    def __init__(self, config: TrainingConfig, teacher: Teacher | None) -> None:
        self._smoothing = config.label_smoothing
        self._weight = config.teacher_weight
        self._temperature = config.teacher_temperature
        self._teacher = teacher

    def loss(
        self, logits: torch.Tensor, labels: torch.Tensor, pictures: torch.Tensor
    ) -> torch.Tensor:
        """Return the mean loss of a batch, in nats.

        ``logits`` float32 n×K are the student's for ``pictures`` n×C×H×W (0–255, augmented), of
        which the teacher is asked too.
        """
        own = self._cross_entropy(logits, labels)
        if self._teacher is None:
            return own
        answers = self._teacher.answers(pictures)
        taught = distillation_loss(logits, answers, self._temperature)
        return torch.lerp(own, taught, self._weight)

    def _cross_entropy(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(logits, labels, label_smoothing=self._smoothing)
