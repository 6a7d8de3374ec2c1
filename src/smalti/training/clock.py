"""What a training takes: the time that passed, and the work of the processor."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence


class Clock:
    """Runs from its making; epochs of earlier processes count, as ``history`` has them."""

    def __init__(self, history: Sequence[Mapping[str, float | None]]) -> None:
        self._resumed = bool(history)
        earlier = sum(row["seconds"] or 0.0 for row in history)
        self._began = time.perf_counter() - earlier
        self._cpu = time.process_time()

    def spent(self) -> dict[str, float]:
        """Return ``seconds`` and, where all of it was in this process, ``cpu_seconds``.

        Processor time is summed over threads. With one thread it is what the training would take
        on an idle machine, whatever else was running.
        """
        spent = {"seconds": round(time.perf_counter() - self._began, 2)}
        if not self._resumed:
            spent["cpu_seconds"] = round(time.process_time() - self._cpu, 2)
        return spent
