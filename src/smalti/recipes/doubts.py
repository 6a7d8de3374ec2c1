"""Settings that are legal but almost surely not meant, each with the reason."""

from __future__ import annotations

from collections.abc import Iterator

from smalti.errors import SmaltiError
from smalti.recipes.fields import AugmentationConfig, Recipe

_DIGITS = ("mnist", "digits")


def doubts(recipe: Recipe, data: str, n_train: int) -> Iterator[str]:
    """Yield a sentence for every setting that a person who knows the field would question."""
    training, optimizer = recipe.training, recipe.optimizer
    rate = optimizer.learning_rate
    if optimizer.name != "sgd" and not optimizer.unit_weights and rate > 0.05:
        yield (
            f"optimizer.learning_rate={rate:g} is far above what {optimizer.name} bears "
            "(usually 0.0003 to 0.01): training will likely diverge."
        )
    if optimizer.name == "sgd" and rate < 1e-3:
        yield f"optimizer.learning_rate={rate:g} is very low for sgd (usually 0.01 to 0.5)."
    yield from _doubts_about_unit_weights(recipe)
    if training.batch_size > n_train:
        yield (
            f"training.batch_size={training.batch_size} is more than the {n_train} training "
            "pictures: each epoch is a single step."
        )
    if max(recipe.model.dropout, recipe.model.head_dropout) > 0.8:
        yield "Dropout above 0.8 leaves too little for the network to learn from."
    if training.label_smoothing > 0.4:
        yield f"training.label_smoothing={training.label_smoothing:g} hides most of the label."
    if recipe.schedule.warmup > max(1, training.epochs / 2):
        yield "schedule.warmup is longer than half the training; it is cut to half."
    yield from _doubts_about_augmentation(recipe.augmentation, data)
    if recipe.prediction.views in (2, 6) and data in _DIGITS:
        yield (
            f"prediction.views={recipe.prediction.views} averages mirror images in; a mirrored 2 "
            f"is no 2 ({data}). Without mirror images: prediction.views=3."
        )
    if recipe.data.validation and 0 < recipe.data.validation < 1:
        kept = recipe.data.validation
        if kept > 0.5:
            yield f"data.validation={kept:g} keeps more pictures from training than it leaves."


def _doubts_about_unit_weights(recipe: Recipe) -> Iterator[str]:
    optimizer, rate = recipe.optimizer, recipe.optimizer.learning_rate
    if not optimizer.unit_weights:
        return
    if not 0.01 <= rate <= 1:
        yield (
            f"optimizer.learning_rate={rate:g} turns unit weights by that part each step (usually "
            "0.02 to 0.5)."
        )
    if not optimizer.other_rate:
        yield (
            "optimizer.other_rate is not set: AdamW moves the output layer and the biases at the "
            f"rate of the unit weights, {rate:g}, and usually bears 0.001 to 0.02."
        )
    if not recipe.model.batch_norm:
        yield "Without model.batch_norm no norm takes the length of unit weights away."


def _doubts_about_augmentation(config: AugmentationConfig, data: str) -> Iterator[str]:
    for field in ("horizontal_flip", "alternating_flip"):
        if getattr(config, field) and data in _DIGITS:
            yield f"augmentation.{field} mirrors digits; a mirrored 2 is no 2 ({data})."
    if config.horizontal_flip and config.alternating_flip:
        yield (
            "augmentation.horizontal_flip mirrors at random what augmentation.alternating_flip "
            "has mirrored by turns: only the random remains."
        )
    if config.rotation > 90 and data in _DIGITS:
        yield f"augmentation.rotation={config.rotation:g} makes a 9 of a 6 ({data})."
    if config.shift > 0.5:
        yield f"augmentation.shift={config.shift:g} can push more than half out of the picture."
    if config.operations * config.strength > 4:
        yield (
            f"augmentation.operations={config.operations} at strength {config.strength:g} leave "
            "little of a picture (usually 1 to 3, at 0.2 to 0.6)."
        )
    if config.erasing > 0.9:
        yield (
            f"augmentation.erasing={config.erasing:g} hides a part of almost every picture "
            "(usually 0.25 to 0.5): the network hardly ever sees a whole one."
        )
    for name, alpha, usual in (
        ("mixup", config.mixup, "0.1 to 0.4"),
        ("cutmix", config.cutmix, "0.5 to 1"),
    ):
        if alpha > 2:
            yield (
                f"augmentation.{name}={alpha:g} makes most pictures a mixture of two about equal "
                f"parts (usually {usual})."
            )


def require_validation(recipe: Recipe) -> None:
    """Raise an error where a training without validation needs it nevertheless."""
    needs = []
    if recipe.training.early_stopping:
        needs.append("training.early_stopping")
    if recipe.schedule.name == "plateau":
        needs.append("schedule.name=plateau")
    if needs:
        raise SmaltiError(
            f"Without validation (--validation 0) nothing can steer {' and '.join(needs)}.",
            "Find the length on a run with validation first, then fix it with --epochs.",
        )
