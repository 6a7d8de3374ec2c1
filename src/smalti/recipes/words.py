"""A recipe in words: what was trained, how, and what steered it, as one paragraph."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from smalti.recipes.fields import (
    AugmentationConfig,
    Recipe,
    ScheduleConfig,
)
from smalti.recipes.options import hears
from smalti.wording import averaged_views, plural

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

_KINDS = {
    "dense": "fully connected network",
    "simple-cnn": "small convolutional network",
    "cnn": "convolutional network",
    "resnet": "residual network",
    "separable": "depthwise-separable network",
    "fast": "convolutional network",
}
_BLOCKS = {"resnet": "residual block", "separable": "depthwise-separable block"}
_OPTIMIZERS = {"adam": "Adam", "adamw": "AdamW", "radam": "RAdam", "sgd": "SGD", "muon": "Muon"}


def in_words(recipe: Recipe, validation: int | None = None) -> str:
    """Return a network's recipe as a paragraph of a few sentences, for people.

    ``validation`` is the number of validation pictures where it is known. What a recipe leaves off
    is left out. Of a classical method nothing is said: the result is empty.
    """
    if recipe.baseline.name:
        return ""
    sentences = (_network(recipe), _training(recipe), _fed(recipe), _steering(recipe, validation))
    return " ".join(sentences)


def _network(recipe: Recipe) -> str:
    model = recipe.model
    kind = _KINDS.get(model.name, f"network {model.name}")
    traits = [*_layers(recipe), *_traits(recipe)]
    return f"A {kind} ({model.name}) with {_listed(traits)}."


def _layers(recipe: Recipe) -> list[str]:
    model = recipe.model
    layers = []
    if hears(recipe, "model.whitening") and model.whitening:
        layers.append(f"whitened patches of {model.patch}×{model.patch} pixels")
    if hears(recipe, "model.filters"):
        layers.append(_stages(recipe))
    if hears(recipe, "model.hidden") and model.hidden:
        noun = _counted(len(model.hidden), "hidden layer")
        layers.append(f"{noun} of {_listed(model.hidden)} units")
    return layers


def _stages(recipe: Recipe) -> str:
    """Return ``"three stages of 32, 64 and 128 filters, two convolutions each"``."""
    model = recipe.model
    widths = _listed(round(filters * _factor(recipe)) for filters in model.filters)
    if not hears(recipe, "model.depth"):
        return f"{_counted(len(model.filters), 'convolution')} of {widths} filters"
    block = _BLOCKS.get(model.name, "convolution")
    each = f"{_counted(model.depth, block)}" + (" each" if len(model.filters) > 1 else "")
    return f"{_counted(len(model.filters), 'stage')} of {widths} filters ({each})"


def _factor(recipe: Recipe) -> float:
    return recipe.model.width if hears(recipe, "model.width") else 1.0


def _traits(recipe: Recipe) -> list[str]:
    model = recipe.model
    dropped = sorted(
        {
            value
            for name, value in (("dropout", model.dropout), ("head_dropout", model.head_dropout))
            if value and hears(recipe, f"model.{name}")
        }
    )
    traits = []
    if hears(recipe, "model.batch_norm") and model.batch_norm:
        traits.append("batch norm")
    if dropped:
        traits.append(f"dropout of {_listed(_share(value) for value in dropped)}")
    return [*traits, f"{model.activation} activations"]


def _training(recipe: Recipe) -> str:
    training = recipe.training
    length = plural(training.epochs, "epoch")
    if training.early_stopping:
        length = f"at most {length}"
    return (
        f"It was trained for {length} in batches of {training.batch_size:,} with "
        f"{_listed(_means(recipe))}, the learning rate {_course(recipe)}."
    )


def _means(recipe: Recipe) -> list[str]:
    """Return what it was trained with: the optimizer, and what keeps it from overfitting."""
    optimizer, training = recipe.optimizer, recipe.training
    means = [_OPTIMIZERS.get(optimizer.name, optimizer.name)]
    if optimizer.unit_weights:
        means[0] += " on weights of constant length"
    elif optimizer.weight_decay:
        means.append(f"a weight decay of {optimizer.weight_decay:g}")
    if training.label_smoothing:
        means.append(f"labels smoothed by {_share(training.label_smoothing)}")
    if training.ema:
        means.append("averaged weights")
    if training.teacher:
        means.append("another network's answers beside the labels")
    if training.image_sizes:
        means.append(f"pictures scaled to {_listed(training.image_sizes)} pixels in turn")
    return means


def _course(recipe: Recipe) -> str:
    rate, schedule = f"{recipe.optimizer.learning_rate:g}", recipe.schedule
    rising = schedule.warmup and schedule.name != "one-cycle"
    start = f"rising to {rate} in {_epochs(schedule.warmup)}, then " if rising else ""
    falling = "falling to zero" if start else f"falling from {rate} to zero"
    courses = {
        "constant": "staying there" if start else f"{rate} throughout",
        "cosine": f"{falling} along a cosine",
        "linear": f"{falling} in a straight line",
        "one-cycle": f"rising to {rate} and falling to zero in one cycle",
        "plateau": ("" if start else f"{rate}, ") + _plateau(schedule),
    }
    return start + courses.get(schedule.name, schedule.name)


def _epochs(number: float) -> str:
    return "one epoch" if number == 1 else f"{number:g} epochs"


def _plateau(schedule: ScheduleConfig) -> str:
    waits = plural(schedule.patience, "epoch")
    return f"multiplied by {schedule.factor:g} after {waits} without a better validation loss"


def _fed(recipe: Recipe) -> str:
    changes = _changes(recipe.augmentation)
    if not changes:
        return "It was fed the pictures as they are."
    return f"The pictures it was fed were {_listed(changes)}, anew in every epoch."


def _changes(config: AugmentationConfig) -> list[str]:
    drawn = {"rand-augment": "changed by RandAugment", "augmix": "mixed by AugMix"}
    changes = [drawn[config.policy]] if config.policy in drawn else []
    if config.alternating_flip:
        changes.append("mirrored every other epoch")
    elif config.horizontal_flip and config.policy != "none":
        changes.append("mirrored by chance")
    moves = (
        (config.shift, f"shifted by up to {_share(config.shift)} of the side"),
        (config.rotation, f"turned by up to {config.rotation:g}°"),
        (config.zoom, f"zoomed by up to {_share(config.zoom)}"),
    )
    if config.policy != "none":
        changes += [text for value, text in moves if value]
    mixes = (
        (config.erasing, "partly erased"),
        (config.mixup, "mixed by MixUp"),
        (config.cutmix, "mixed by CutMix"),
    )
    return changes + [text for value, text in mixes if value]


def _steering(recipe: Recipe, validation: int | None) -> str:
    if recipe.data.validation == 0 or validation == 0:
        said = "Every training picture was trained on, and the last epoch was kept."
    else:
        which = "Validation" if validation is None else plural(validation, "validation picture")
        said = f"{which} chose the epoch."
        if recipe.training.early_stopping:
            waits = plural(recipe.training.early_stopping, "epoch")
            said = f"{said[:-1]}, and could end the training {waits} after the best one."
    views = averaged_views(recipe.prediction.views)
    return f"{said} {views[0].upper()}{views[1:]}." if views else said


def _share(fraction: float) -> str:
    return f"{100 * fraction:g} %"


def _word(number: int) -> str:
    return _NUMBERS[number] if number < len(_NUMBERS) else f"{number:,}"


def _counted(number: int, noun: str) -> str:
    return f"{_word(number)} {noun}" + ("" if number == 1 else "s")


def _listed(things: Iterable[Any]) -> str:
    """Return ``"a, b and c"``."""
    texts = [str(thing) for thing in things]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
