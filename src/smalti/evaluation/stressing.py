"""Measuring a classifier on test pictures that get worse, corruption by corruption."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from smalti import robustness
from smalti.classifier.loading import KERAS
from smalti.classifier.protocol import Classifier
from smalti.corruptions.applying import batches, corrupted
from smalti.data.dataset import Dataset, Part
from smalti.data.progress import Progress
from smalti.errors import SmaltiError, log
from smalti.evaluation.evaluating import classifier_of, require_same_data
from smalti.names import CORRUPTIONS
from smalti.robustness import STRENGTHS, Attacks, Robustness, Share
from smalti.runs import BASELINE, Run
from smalti.wording import count, duration

PICTURES = 2000
"""Of the test part, where nobody says how many."""

ATTACKED = 500
"""Of those: an attack looks at each of them up to sixty times, forwards and backwards."""

LEFT_OUT = "They were left out."


_LOOKED_AT = 20
"""Pictures of which one is shown in every state."""

_SAID_FROM = 20.0
"""Seconds from which it is said beforehand how long it will take."""


@dataclass(frozen=True)
class Wish:
    """What is asked for: how many test pictures (None: 2,000), or all, and attacks or none."""

    n: int | None = None
    whole: bool = False
    attacks: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if self.n is None:
            return
        if self.whole:
            raise SmaltiError("n says how many pictures, all that all of them: give one of both.")
        if isinstance(self.n, bool) or not isinstance(self.n, int) or self.n < 1:
            raise SmaltiError(f"n is {self.n!r}; expected a number of pictures from 1.")

    def fits(self, found: Robustness) -> bool:
        """Tell whether an earlier result answers this wish."""
        wanted = found.of if self.whole else min(self.n or found.n, found.of)
        attacked = not self.attacks or found.no_attacks != LEFT_OUT
        return found.n == wanted and found.seed == self.seed and attacked

    def part(self, whole: Part) -> Part:
        """Return the pictures, every class in its proportion; the same ones each time."""
        return whole if self.whole else whole.sample(self.n or PICTURES)

    def attacked(self, part: Part) -> Part:
        """Return those of them that are attacked."""
        return part if self.whole else part.sample(ATTACKED)


def stress(
    run: Run,
    load_dataset: Callable[[], Dataset],
    wish: Wish,
    again: bool = False,
    precision: str = "float32",
) -> Robustness:
    """Measure a run on worse and worse test pictures; store the figures, and one picture's states.

    Results that are there already are shown as they are unless ``again``, or where they are of
    other pictures than asked for. The data must be those that the run was trained with. Writes
    stress.json and samples/.
    """
    earlier = _earlier(run, again)
    if earlier is not None and not again and wish.fits(earlier):
        return earlier
    dataset = load_dataset()
    require_same_data(run, dataset)
    dataset.part("test")
    classifier = classifier_of(run, dataset, precision, "auto")
    found = stress_classifier(classifier, dataset, wish, run.path, run)
    found = replace(found, times_opened=1 + (earlier.times_opened if earlier else 0))
    _write_states(run, classifier, wish.part(dataset.part("test")), wish.seed)
    run.write_stress(found)
    return found


def stress_classifier(
    classifier: Classifier, dataset: Dataset, wish: Wish, path: Path, run: Run | None = None
) -> Robustness:
    """Measure a classifier on worse and worse test pictures.

    ``path`` is what is measured. Where ``run`` holds a network of smalti's own, it is attacked too.
    """
    whole = dataset.part("test")
    part = wish.part(whole)
    began = time.perf_counter()
    clean = classifier.logits(part.pictures()).argmax(axis=1) == part.labels
    answered = time.perf_counter()
    _say_how_long(answered - began, len(part))
    answers = _all_answers(classifier, part, wish.seed)
    seconds = time.perf_counter() - answered
    attacks, reason = _attacks(classifier, run, wish, part)
    return Robustness(
        data=dataset.name,
        part="test",
        split=dataset.split,
        n=len(part),
        of=len(whole),
        seed=wish.seed,
        clean=Share.of(clean),
        mean=Share.mean(np.stack([given == part.labels for given in answers.values()])),
        corruptions=tuple(
            robustness.corrupted(name, given, part.labels, classifier.class_names)
            for name, given in answers.items()
        ),
        attacks=attacks,
        no_attacks=reason,
        precision_used=classifier.precision,
        views=classifier.views,
        seconds=round(time.perf_counter() - began, 1),
        images_per_second=round(sum(given.size for given in answers.values()) / seconds, 1),
        measured=datetime.now().astimezone().isoformat(timespec="seconds"),
        path=path,
    )


def _earlier(run: Run, again: bool) -> Robustness | None:
    """Return what an earlier call left of these very weights; a damaged file says how to go on."""
    try:
        return run.stress()
    except SmaltiError:
        if again:
            return None
        raise


def _say_how_long(once: float, n: int) -> None:
    """Say how long all states of ``n`` pictures take by the time of ``once``, where it is long."""
    states = len(CORRUPTIONS) * len(STRENGTHS)
    if states * once > _SAID_FROM:
        log.info(
            "%s pictures in %s states each: about %s, attacks not counted.",
            count(n), count(states), duration(states * once),
        )  # fmt: skip


def _all_answers(classifier: Classifier, part: Part, seed: int) -> dict[str, np.ndarray]:
    """Return by corruption the classes (strengths×N) that the pictures are taken for."""
    states = len(CORRUPTIONS) * len(STRENGTHS)
    with Progress("worse pictures", states * len(part)) as progress:
        progress.start()
        return {
            name: np.stack(
                [_answers(classifier, part, name, each, seed, progress) for each in STRENGTHS]
            )
            for name in CORRUPTIONS
        }


def _answers(
    classifier: Classifier, part: Part, name: str, strength: int, seed: int, progress: Progress
) -> np.ndarray:
    answers = np.empty(len(part), np.int64)
    for number, rows in enumerate(batches(len(part), *part.images.shape[1:3])):
        changed = corrupted(part.pictures(rows), name, strength, seed, number)
        answers[rows] = classifier.logits(changed).argmax(axis=1)
        progress.update(len(changed))
    return answers


def _attacks(
    classifier: Classifier, run: Run | None, wish: Wish, part: Part
) -> tuple[Attacks | None, str]:
    """Return what is left under attack, or why nobody attacked."""
    if not wish.attacks:
        return None, LEFT_OUT
    kind = run.classifier()["kind"] if run is not None else getattr(classifier, "kind", "")
    if run is None or kind != "native":
        what = {BASELINE: "a classical method has none", KERAS: "a Keras file gives none"}
        reason = what.get(kind, "an ONNX file gives none")
        return None, (
            "They follow the gradients of a network, which only a run that smalti trained gives: "
            f"{reason}."
        )
    from smalti.classifier.native import NativeClassifier
    from smalti.evaluation.attacking import attack

    chosen = wish.attacked(part)
    return attack(NativeClassifier.load(run), chosen.pictures(), chosen.labels, wish.seed), ""


def _write_states(run: Run, classifier: Classifier, part: Part, seed: int) -> None:
    """Keep one picture that is answered right in every state, so that people can judge them."""
    first = part.pictures(slice(0, _LOOKED_AT))
    right = classifier.logits(first).argmax(axis=1) == part.labels[: len(first)]
    chosen = _usual(first, np.flatnonzero(right) if right.any() else np.arange(len(first)))
    label = classifier.class_names[int(part.labels[chosen])]
    states = [(name, strength) for name in CORRUPTIONS for strength in STRENGTHS]
    pictures = [corrupted(first[chosen, None], *state, seed)[0] for state in states]
    notes = [{"label": label, "corruption": name, "strength": s} for name, s in states]
    run.write_samples("corrupted", pictures, notes)


def _usual(pictures: np.ndarray, places: np.ndarray) -> int:
    """Return the place of the picture with middling detail: a plain one shows too little of it."""
    detail = np.abs(np.diff(pictures[places].astype(np.float32), axis=2)).mean(axis=(1, 2, 3))
    return int(places[np.argsort(detail, kind="stable")[len(places) // 2]])
