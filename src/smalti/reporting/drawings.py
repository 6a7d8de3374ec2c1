"""The drawings of a run by name, from its files alone."""

from __future__ import annotations

from collections.abc import Sequence

from smalti.errors import SmaltiError
from smalti.names import DRAWINGS
from smalti.reporting.facts import Facts, Outputs, read_facts
from smalti.reporting.pictures import tiles
from smalti.reporting.plots.canvas import Plot
from smalti.reporting.plots.comparison import comparison_plot
from smalti.reporting.plots.confusion import confusion_plot
from smalti.reporting.plots.curves import all_curves
from smalti.reporting.plots.pictures import pictures_plot
from smalti.reporting.plots.robustness import stress_plot
from smalti.runs import Run

_SAMPLES = 12
_SAMPLE_COLUMNS = 6
_AUGMENTED = 16


def draw(run: Run, what: str) -> Plot:
    """Return a drawing of a run, by its name in :data:`smalti.names.DRAWINGS`.

    Raises:
        SmaltiError: there is no such drawing, the run has not got so far (the command that takes
            it there is given), or a file of it is damaged.
    """
    plot: Plot = DRAWINGS[what].load()(read_facts(run))
    return plot


def compare(runs: Sequence[Run]) -> Plot:
    """Return the validation curves of several runs in the same axes."""
    for run in runs:
        _require_epochs(read_facts(run))
    return comparison_plot([(run.name, run.history()) for run in runs])


def curves(facts: Facts) -> Plot:
    """Return loss, accuracy and learning rate over the epochs, with the kept epoch marked."""
    _require_epochs(facts)
    return all_curves(facts.history, facts.chosen_epoch)


def confusion(facts: Facts) -> Plot:
    """Return the confusion matrix in pictures."""
    outputs = _outputs(facts)
    return confusion_plot(outputs.confusion, outputs.class_names)


def confusion_normalised(facts: Facts) -> Plot:
    """Return the confusion matrix in percent of each true class."""
    outputs = _outputs(facts)
    return confusion_plot(outputs.confusion, outputs.class_names, normalised=True)


def samples(facts: Facts) -> Plot:
    """Return test pictures that were classified wrong and right."""
    wrong, right = (tiles(facts, kind, _SAMPLES) for kind in ("wrong", "right"))
    if not wrong and not right:
        raise _missing("Sample predictions are written when a run is evaluated.", facts)
    groups = [("Wrong, the most confident first", wrong), ("Right", right)]
    return pictures_plot(groups, name="samples", columns=_SAMPLE_COLUMNS)


def augmented(facts: Facts) -> Plot:
    """Return training pictures as the network was fed them."""
    shown = tiles(facts, "augmented", _AUGMENTED)
    if not shown:
        what = "Augmented training pictures are written when training ends."
        raise SmaltiError(what, f"Finish it with: {facts.resume_command}")
    return pictures_plot([("", shown)], name="augmented")


def stress(facts: Facts) -> Plot:
    """Return the accuracy where pictures get worse, by corruption and strength."""
    if facts.stress is None:
        raise SmaltiError(
            f"{facts.run.path} was not measured on worse pictures yet.",
            f"Do: {facts.stress_command}",
        )
    return stress_plot(facts.stress)


def _require_epochs(facts: Facts) -> None:
    if facts.method:
        raise SmaltiError(
            f"{facts.run.path} is of a classical method, which has no epochs and no curves.",
            "Draw its confusion matrix: smalti.plot(run, 'confusion')",
        )
    if not facts.history:
        raise SmaltiError(
            f"{facts.run.path} has no finished epoch yet, so there are no curves.",
            f"Continue it with: {facts.resume_command}",
        )


def _outputs(facts: Facts) -> Outputs:
    """Return the outputs to show: of the test part once it was opened, of validation before."""
    if facts.judged is None:
        raise _missing("A confusion matrix needs stored outputs; evaluating writes them.", facts)
    return facts.judged


def _missing(problem: str, facts: Facts) -> SmaltiError:
    return SmaltiError(f"{problem} {facts.run.path} has none yet.", f"Do: {facts.evaluate_command}")
