"""What a reader has to know before trusting the numbers."""

from __future__ import annotations

from smalti.reporting.diagnosis import pictures_of
from smalti.reporting.facts import Facts
from smalti.wording import averaged_views, plural

# Published counts: Northcutt et al. 2021 (label errors), Barz & Denzler 2020 (near-duplicates).
KNOWN_LIMITS = {
    "mnist": "About 15 of MNIST's 10,000 test labels are wrong: above 99.85 % no gain is real.",
    "cifar10": "About 3.3 % of CIFAR-10's test pictures have near-duplicates in the training part.",
    "cifar100": "About 10 % of CIFAR-100's test pictures have near-duplicates in training.",
}

OFFICIAL = "official split"


def cautions(facts: Facts) -> list[str]:
    """Return one sentence a caution, the weightiest first."""
    found = [
        _unfinished(facts),
        _own_split(facts),
        _without_validation(facts),
        _opened_often(facts),
        _precision(facts),
        _views(facts),
        _scores(facts),
        _skipped(facts),
        *(finding.text for finding in pictures_of(facts)),
        _known_limits(facts),
    ]
    return [sentence for sentence in found if sentence]


def _known_limits(facts: Facts) -> str:
    """Return what is known of the official test pictures; of another division nobody counted it."""
    return "" if _split(facts) else KNOWN_LIMITS.get(_pictures_of(facts.data_name), "")


def _split(facts: Facts) -> str:
    """Return the division in words where it is not the official one."""
    split = facts.metrics.text("split") or facts.environment.section("data").text("split")
    return "" if split == OFFICIAL else split


def _pictures_of(data_name: str) -> str:
    """Return the set whose pictures these are: CIFAR-100's by superclass are CIFAR-100's."""
    return data_name.lower().removesuffix("-coarse").replace("-", "")


def _unfinished(facts: Facts) -> str:
    if not facts.environment or facts.environment.text("finished"):
        return ""
    return (
        f"Training has not ended: {plural(len(facts.history), 'epoch')} so far. "
        f"Continue it with: {facts.resume_command}"
    )


def _own_split(facts: Facts) -> str:
    split = _split(facts)
    if not split:
        return ""
    which = "" if "not the official" in split else ", not an official one"
    return f"The test part is {split}{which}: compare only with the same split."


def _without_validation(facts: Facts) -> str:
    if not facts.history or facts.validated:
        return ""
    return (
        "Trained without validation pictures: the last weights were kept, and nothing but the "
        "test set can judge them. Compare only with runs made the same way."
    )


def _opened_often(facts: Facts) -> str:
    times = int(facts.metrics.number("times_opened") or 0)
    if times < 2:
        return ""
    return f"The test set was opened {times} times: choices made in between make it flatter."


def _precision(facts: Facts) -> str:
    precision = facts.metrics.text("precision_used", "float32")
    return "" if precision == "float32" else f"Evaluated in {precision}, not in float32."


def _views(facts: Facts) -> str:
    said = averaged_views(facts.metrics.number("views") or 1)
    return f"{said[:1].upper()}{said[1:]}: compare only with the like." if said else ""


def _scores(facts: Facts) -> str:
    if facts.environment.section("baseline").text("outputs") != "scores":
        return ""
    return (
        "The outputs are scores, of which the largest decides, and no probabilities: loss, "
        "calibration error and confidence are of their softmax and say little."
    )


def _skipped(facts: Facts) -> str:
    skipped = int(facts.environment.section("data").number("skipped") or 0)
    if not skipped:
        return ""
    verb = "was" if skipped == 1 else "were"
    return f"{plural(skipped, 'file')} of the data could not be read and {verb} left out."
