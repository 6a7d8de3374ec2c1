"""Looking for what is wrong with data: labels, near-duplicates, pictures that lie apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from smalti.data import perceptual
from smalti.data.dataset import PARTS, Dataset, Part
from smalti.data.file_names import file_names
from smalti.errors import SmaltiError, log
from smalti.evaluation.confident import suspect
from smalti.files import write_csv, write_json
from smalti.findings import (
    Accuracy,
    Faults,
    LabelCheck,
    LabelError,
    NearCheck,
    Outlier,
    Pair,
    Place,
    WithoutAffected,
    balance_of,
)
from smalti.metrics import accuracy, softmax, wilson_interval
from smalti.reporting.data_check import shown_places, write_page
from smalti.runs import Run
from smalti.wording import count, plural

if TYPE_CHECKING:
    from smalti.evaluation import neighbours
    from smalti.search.folds import Judged

LEAST_LIKENESS = 0.75
"""From here on two photos count as almost the same, or later in sets whose pictures are all alike.
Of CIFAR-10's pairs above it nearly all are one photo twice, of those from 0.70 to 0.75 about a
third are two of the same sky or sea."""

MOST_COMPARED = 200_000
"""Pictures up to which each is compared with every other: the time grows with their square."""

MOST_PAIRS = 500_000
"""Pairs put forward at most; where there are more, those that differ least are looked at."""

CANDIDATES = 5
"""Nearest pictures in a network's space that are put forward as near-duplicates of each."""


@dataclass(frozen=True)
class _Album:
    """Every picture of a data set in one row: train, validation, test."""

    dataset: Dataset
    names: list[str]

    @property
    def parts(self) -> dict[str, Part]:
        return {name: self.dataset.parts[name] for name in PARTS if name in self.dataset.parts}

    @property
    def n(self) -> int:
        return sum(map(len, self.parts.values()))

    @property
    def n_test(self) -> int:
        return len(self.dataset.parts.get("test", ()))

    @property
    def n_training(self) -> int:
        """How many come before the test pictures."""
        return self.n - self.n_test

    @property
    def labels(self) -> np.ndarray:
        return np.concatenate([part.labels for part in self.parts.values()])

    def place(self, position: int) -> Place:
        """Return where a picture stands, by its position in the row."""
        for name, part in self.parts.items():
            if position < len(part):
                row = int(part.rows[position])
                file = self.names[row] if row < len(self.names) else ""
                label = self.dataset.class_names[part.labels[position]]
                return Place(name, position, row + self._before(name), file, label)
            position -= len(part)
        raise IndexError(position)

    def _before(self, name: str) -> int:
        """Return how many pictures other arrays hold before that of a part."""
        own, before = self.parts[name].images, 0
        seen: list[np.ndarray] = []
        for part in self.parts.values():
            if part.images is own:
                return before
            if not any(part.images is known for known in seen):
                seen.append(part.images)
                before += len(part.images)
        return before


def inspect(
    dataset: Dataset,
    run: Run | None = None,
    judged: Judged | None = None,
    folder: Path | None = None,
    least: float | None = None,
) -> Faults:
    """Return what is wrong with a data set, and write tables and page where there is a ``folder``.

    Without a ``run`` near-duplicates are found by perceptual hash; its network finds more of them,
    and what lies apart. Labels are judged by ``judged`` (all training pictures), otherwise by the
    run's stored answers for validation pictures. ``least`` is the likeness from which on pictures
    are almost the same; without it 0.75, or what is remarkable among these pictures. The labels of
    test pictures judge nothing here but the accuracy of a run that was evaluated.
    """
    album = _Album(dataset, file_names(dataset))
    notes: list[str] = []
    counts = np.bincount(album.labels[: album.n_training], minlength=dataset.n_classes)
    space = _space(run, album, notes)
    near = _near(album, space, least, notes)
    found = Faults(
        data=dataset.name,
        run=str(run.path) if run else "",
        source=dataset.source,
        path=folder,
        balance=balance_of(dict(zip(dataset.class_names, counts.tolist(), strict=True))),
        near=near,
        labels=_labels(album, run, judged, notes),
        outliers=None if space is None else _outliers(album, space.training),
        n_trained=album.n_training,
        without=_without(run, near, album, notes),
    )
    found = replace(found, notes=tuple(notes))
    if folder is not None:
        _write(found, dataset)
    return found


@dataclass(frozen=True)
class _Space:
    """Who is next to whom for a network: training pictures among themselves, test among all."""

    training: neighbours.Near
    test: neighbours.Near

    def pairs(self) -> np.ndarray:
        """Return pairs n×2 (first below second) of each picture and its nearest ones."""
        nearest = [self.training.positions[:, :CANDIDATES], self.test.positions]
        before = [0, len(self.training.positions)]
        found = [
            np.stack([np.repeat(np.arange(len(near)) + start, near.shape[1]), near.ravel()], axis=1)
            for near, start in zip(nearest, before, strict=True)
        ]
        return np.sort(np.concatenate(found), axis=1)


def _space(run: Run | None, album: _Album, notes: list[str]) -> _Space | None:
    if run is None:
        return None
    if run.classifier()["kind"] != "native":
        notes.append(
            "Nobody looks into a file of others or a classical method: near-duplicates are found "
            "by perceptual hash, and outliers are not looked for."
        )
        return None
    # Here: without a run nothing needs PyTorch.
    from smalti.classifier.native import NativeClassifier
    from smalti.evaluation import neighbours

    classifier = NativeClassifier.load(run, "auto")
    log.info("looking at %s with %s", plural(album.n, "picture"), run.path)
    every = np.concatenate([classifier.embeddings_of(part) for part in album.parts.values()])
    pool, n = every[: album.n_training], album.n_training
    return _Space(
        training=neighbours.nearest(pool, pool, neighbours.NEIGHBOURS, own=0),
        test=neighbours.nearest(every[n:], every, CANDIDATES, own=n),
    )


def _near(
    album: _Album, space: _Space | None, least: float | None, notes: list[str]
) -> NearCheck | None:
    if album.n > MOST_COMPARED:
        notes.append(
            f"Near-duplicates are looked for among up to {count(MOST_COMPARED)} pictures, as each "
            f"is compared with every other; these are {count(album.n)}."
        )
        return None
    log.info("comparing %s with each other", plural(album.n, "picture"))
    greys = np.concatenate([perceptual.greys(part) for part in album.parts.values()])
    bits = perceptual.hashes(greys)
    if least is None:
        least = round(max(LEAST_LIKENESS, perceptual.remarkable(greys, bits)), 3)
    pairs = perceptual.alike(bits, MOST_PAIRS)
    found_by = "perceptual hash"
    if space is not None:
        pairs = np.unique(np.concatenate([pairs, space.pairs()]), axis=0)
        found_by += " and the network's embedding"
    likeness = perceptual.likenesses(greys, pairs)
    order = np.argsort(-likeness, kind="stable")
    kept = order[likeness[order] >= least]
    crossing = (pairs[kept] >= album.n_training).sum(axis=1) == 1
    affected = np.unique(pairs[kept][crossing].max(axis=1)) - album.n_training
    return NearCheck(
        n=album.n,
        found_by=found_by,
        least=least,
        pairs=tuple(
            Pair(album.place(int(one)), album.place(int(other)), round(float(alike), 4))
            for (one, other), alike in zip(pairs[kept], likeness[kept], strict=True)
        ),
        n_test=album.n_test,
        affected=tuple(affected.tolist()),
    )


def _labels(
    album: _Album, run: Run | None, judged: Judged | None, notes: list[str]
) -> LabelCheck | None:
    if judged is not None:
        positions = _positions(album, judged.part)
        judges = (
            f"{judged.folds} models of the recipe {judged.recipe}, each on what it was not shown"
        )
        return _judged(album, judged.probabilities, positions, "training pictures", judges)
    if run is None:
        return None
    stored = run.outputs("validation")
    validation = album.parts.get("validation")
    if stored is None or validation is None:
        notes.append(
            f"{run.path} has no validation pictures to judge labels on; --folds 5 judges those of "
            "all training pictures."
        )
        return None
    logits, labels = stored
    if not np.array_equal(labels, validation.labels):
        raise SmaltiError(
            f"{run.outputs_file('validation')} is of other validation pictures.",
            f"Write it again with: {run.repair}",
        )
    calibration = run.calibration()
    probabilities = softmax(logits / (calibration.temperature if calibration else 1.0))
    positions = len(album.parts["train"]) + np.arange(len(labels))
    return _judged(album, probabilities, positions, "validation pictures", str(run.path))


def _positions(album: _Album, part: Part) -> np.ndarray:
    """Return where pictures of the training and validation parts together stand in the row."""
    train, validation = album.parts["train"], album.parts.get("validation")
    if validation is None or validation.images is not train.images:
        return np.arange(len(part))
    rows = np.concatenate([train.rows, validation.rows])
    order = np.argsort(rows, kind="stable")
    positions: np.ndarray = order[np.searchsorted(rows[order], part.rows)]
    return positions


def _judged(
    album: _Album, probabilities: np.ndarray, positions: np.ndarray, pictures: str, judges: str
) -> LabelCheck:
    labels, names = album.labels[positions], album.dataset.class_names
    found = suspect(probabilities, labels)
    contradicted = [place for place in found.ranking if found.contradicted[place]]
    errors = tuple(
        LabelError(
            place=album.place(int(positions[k])),
            suggested=names[found.suggested[k]],
            confidence=round(float(probabilities[k, found.suggested[k]]), 6),
            own=round(float(probabilities[k, labels[k]]), 6),
            likely=bool(found.likely[k]),
        )
        for k in contradicted
    )
    return LabelCheck(len(labels), pictures, judges, found.estimated, errors)


def _outliers(album: _Album, near: neighbours.Near) -> tuple[Outlier, ...]:
    """Return training pictures far from all others, then those among other classes only."""
    labels = album.labels[: album.n_training]
    from smalti.evaluation import neighbours

    distance, far = neighbours.apart(near)
    share = neighbours.own_share(near, labels, labels)
    chosen = np.flatnonzero(far | (share == 0))
    order = np.lexsort((-distance[chosen], ~far[chosen]))
    return tuple(
        Outlier(album.place(int(k)), round(float(distance[k]), 6), float(share[k]), bool(far[k]))
        for k in chosen[order]
    )


def _without(
    run: Run | None, near: NearCheck | None, album: _Album, notes: list[str]
) -> WithoutAffected | None:
    """Return what a finished run's accuracy is without the test pictures that training holds."""
    if run is None or near is None or not near.affected:
        return None
    stored = run.outputs("test") if run.metrics() else None
    if stored is None or len(stored[1]) != album.n_test:
        notes.append(
            "The accuracy without the test pictures that are almost in training is said here once "
            f"the run is measured: smalti evaluate {run.path}"
        )
        return None
    logits, labels = stored
    left = np.delete(np.arange(len(labels)), near.affected)
    if not len(left):
        return None
    return WithoutAffected(
        str(run.path), _accuracy(logits, labels), _accuracy(logits[left], labels[left])
    )


def _accuracy(logits: np.ndarray, labels: np.ndarray) -> Accuracy:
    right = accuracy(logits, labels)
    return Accuracy(right, *wilson_interval(right, len(labels)), len(labels))


def _write(found: Faults, dataset: Dataset) -> None:
    for path, (columns, rows) in found.tables().items():
        write_csv(path, columns, rows)
    write_json(found.results_file, {"data": found.data, "run": found.run, **found.to_dict()})
    pictures = {
        place: dataset.parts[place.part].pictures(np.array([place.index]))[0]
        for place in shown_places(found)
    }
    write_page(found, pictures)
