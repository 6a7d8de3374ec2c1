"""The loss of a batch: labels, smoothed or mixed, and a teacher's answers."""

from __future__ import annotations

import torch
from torch.nn import functional

from smalti.recipes import TrainingConfig
from smalti.training.feeding import Fed
from smalti.training.teaching import Teacher, distillation_loss


class Objective:
    """What a training step makes smaller."""

    def __init__(self, config: TrainingConfig, teacher: Teacher | None) -> None:
        self._smoothing = config.label_smoothing
        self._weight = config.teacher_weight
        self._temperature = config.teacher_temperature
        self._teacher = teacher

    def loss(self, logits: torch.Tensor, fed: Fed) -> torch.Tensor:
        """Return the mean loss of a batch, in nats, from the student's float32 logits n×K.

        A teacher is asked about the same pictures, augmented and mixed.
        """
        own = self._cross_entropy(logits, fed)
        if self._teacher is None:
            return own
        answers = self._teacher.answers(fed.pictures)
        taught = distillation_loss(logits, answers, self._temperature)
        return torch.lerp(own, taught, self._weight)

    def _cross_entropy(self, logits: torch.Tensor, fed: Fed) -> torch.Tensor:
        smoothing = self._smoothing
        if fed.partners is None or fed.share is None:
            return functional.cross_entropy(logits, fed.labels, label_smoothing=smoothing)
        own, other = (
            functional.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="none")
            for labels in (fed.labels, fed.partners)
        )
        return torch.lerp(other, own, fed.share).mean()
