"""A Keras file kept in a run folder, with what was found out about it."""

from __future__ import annotations

from smalti.classifier.keras.classifier import KerasClassifier, KerasFile
from smalti.classifier.keras.form import Form
from smalti.classifier.keras.scaling import Scaling
from smalti.errors import SmaltiError
from smalti.runs import Run


def load_stored(run: Run) -> KerasClassifier:
    """Return the classifier of a run folder that ``evaluate FILE --out`` made."""
    description = run.classifier()
    try:
        prepared = description["preprocessing"]
        mean, std = tuple(prepared["mean"]), tuple(prepared["std"])
        scaling = Scaling(prepared["scale"], mean, std, bool(prepared["planes_first"]))
        height, width, channels = description["input_shape"]
        form = Form((height, width, channels), prepared["order"])
        columns = [int(column) for column in prepared["columns"]]
    except (KeyError, TypeError, ValueError) as error:
        raise SmaltiError(
            f"{run.classifier_file} is damaged: it does not say how pictures go in.",
            "Evaluate the Keras file again with --out.",
        ) from error
    file = KerasFile(run.weights_file)
    return KerasClassifier(file, form, scaling, description["class_names"], columns)
