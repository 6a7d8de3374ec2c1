"""What validation decides: the best epoch, the end, and the reduction on a plateau."""

from __future__ import annotations

from dataclasses import dataclass

from smalti.recipes import ScheduleConfig


@dataclass
class Steering:
    """The counters that decide, all of them stored with the last epoch.

    Best is the highest validation accuracy; among equals the lower loss. Without validation the
    last epoch is the best one.
    """

    best_epoch: int = 0
    best_accuracy: float = -1.0
    best_loss: float = float("inf")
    plateau_loss: float = float("inf")
    plateau_wait: int = 0
    rate_factor: float = 1.0

    def is_better(self, accuracy: float | None, loss: float | None) -> bool:
        """Tell whether an epoch beats the best one so far."""
        if accuracy is None or loss is None:
            return True
        return (accuracy, -loss) > (self.best_accuracy, -self.best_loss)

    def record(
        self, epoch: int, accuracy: float | None, loss: float | None, schedule: ScheduleConfig
    ) -> bool:
        """Take in a finished epoch; return whether it is the best so far."""
        better = self.is_better(accuracy, loss)
        if better:
            self.best_epoch = epoch
            self.best_accuracy = -1.0 if accuracy is None else accuracy
            self.best_loss = float("inf") if loss is None else loss
        if schedule.name == "plateau" and loss is not None:
            self._follow_plateau(loss, schedule)
        return better

    def should_stop(self, epoch: int, patience: int) -> bool:
        """Tell whether ``patience`` epochs have passed without a better one (0: never)."""
        return patience > 0 and epoch - self.best_epoch >= patience

    def _follow_plateau(self, loss: float, schedule: ScheduleConfig) -> None:
        # A fall of less than 1e-4 of the loss is no progress, as in PyTorch's ReduceLROnPlateau.
        if loss < self.plateau_loss * (1 - 1e-4):
            self.plateau_loss, self.plateau_wait = loss, 0
            return
        self.plateau_wait += 1
        if self.plateau_wait > schedule.patience:
            self.rate_factor *= schedule.factor
            self.plateau_wait = 0
