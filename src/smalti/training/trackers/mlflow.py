"""MLflow: a database beside the runs, or the server that ``MLFLOW_TRACKING_URI`` names."""

from __future__ import annotations

import logging
import os
import shlex
import time
from collections.abc import Mapping
from typing import Any

from smalti.runs import Run
from smalti.training.trackers.tracker import Tracker, as_text

_EXPERIMENT = "smalti"


class MLflow(Tracker):
    """Parameters and metrics of one MLflow run.

    MLflow compares what is in one database, so that this one is shared by all runs of a folder
    and not inside any of them. Its client is used, not its current run: a script's own is left be.
    """

    package = "mlflow"

    def begin(
        self, run: Run, settings: Mapping[str, Any], known: Mapping[str, str]
    ) -> dict[str, str]:
        """Create an MLflow run of the run's name, or go on with the one that is ``known``."""
        uri: str = known.get("uri") or os.environ.get("MLFLOW_TRACKING_URI") or _database(run)
        if _is_local(uri):
            # A log on this machine is to stay there.
            os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        from mlflow.entities import Param
        from mlflow.tracking import MlflowClient

        for chatty in ("mlflow", "alembic"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
        self._client: Any = MlflowClient(tracking_uri=uri)
        if known:
            self._id = known["run"]
            self._client.update_run(self._id, status="RUNNING")
            points = self._client.get_metric_history(self._id, "loss/train")
            self.last_epoch = max((point.step for point in points), default=0)
        else:
            self._id = self._client.create_run(self._experiment(), run_name=run.name).info.run_id
            params = [Param(name, as_text(value)) for name, value in settings.items()]
            self._client.log_batch(self._id, params=params)
        self.look = _look(uri)
        # The address of a server is not kept: it may hold a password.
        return {"run": self._id, **({"uri": uri} if _is_local(uri) else {})}

    def _experiment(self) -> str:
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or _EXPERIMENT
        found = self._client.get_experiment_by_name(name)
        return found.experiment_id if found else self._client.create_experiment(name)

    def log(self, epoch: int, values: Mapping[str, float]) -> None:
        from mlflow.entities import Metric

        now = int(1000 * time.time())
        points = [Metric(name, value, now, epoch) for name, value in values.items()]
        self._client.log_batch(self._id, metrics=points)

    def end(self, values: Mapping[str, float], finished: bool) -> None:
        self.log(self.last_epoch, values)
        self._client.set_terminated(self._id, "FINISHED" if finished else "KILLED")


def _database(run: Run) -> str:
    return f"sqlite:///{(run.path.resolve().parent / 'mlflow.db').as_posix()}"


def _is_local(uri: str) -> bool:
    return uri.startswith("sqlite:")


def _look(uri: str) -> str:
    """Return how to look at what lies there, without the password that an address may hold."""
    if _is_local(uri):
        return f"mlflow ui --backend-store-uri {shlex.quote(uri)}"
    if uri.startswith(("http:", "https:")):
        return uri.rpartition("@")[2] if "@" in uri else uri
    return 'mlflow ui --backend-store-uri "$MLFLOW_TRACKING_URI"'
