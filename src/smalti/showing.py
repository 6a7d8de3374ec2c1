"""A data set to look at: pictures of every class, as they are or as training sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from smalti.data.dataset import Dataset
from smalti.data.sampling import of_each_class
from smalti.errors import SmaltiError
from smalti.recipes import Recipe, to_dict
from smalti.runs import safe_name
from smalti.wording import count, plural

if TYPE_CHECKING:
    from smalti.reporting.plots.canvas import Plot
    from smalti.reporting.plots.class_grid import ClassRow

MOST_PICTURES = 50
"""Of a class; more are no sheet to look at."""

_NAMED_EVERY_CLASS = 40
"""Classes up to which each row also says how many pictures the class has."""


def class_sheet(
    dataset: Dataset,
    recipe: Recipe | None = None,
    *,
    part: str = "train",
    number: int | None = None,
    blocks: int = 0,
    seed: int = 0,
) -> Plot:
    """Return a drawing with ``number`` pictures of every class of a part, chosen by ``seed``.

    With a recipe, one picture of each class stands beside ``number`` versions of it, augmented
    (and mixed with others, where the recipe does that) as training feeds them to the network.
    """
    from smalti.reporting.plots.class_grid import class_grid_plot

    chosen = dataset.part(part)
    number = _number(dataset, number, recipe is not None)
    counts = np.bincount(chosen.labels, minlength=dataset.n_classes)
    positions = of_each_class(chosen, dataset.n_classes, 1 if recipe else number, seed)
    pictures = [list(chosen.pictures(places)) for places in positions]
    if recipe is not None:
        pictures = _beside_versions(dataset, pictures, recipe, number, seed)
    n = plural(len(chosen), "picture")
    classes = plural(dataset.n_classes, "class", "classes")
    return class_grid_plot(
        _rows(dataset, counts, pictures),
        name=safe_name(f"{dataset.name}-{recipe.name}-augmented" if recipe else dataset.name)
        + ("" if recipe else "-pictures"),
        title=f"{dataset.name}, {part}: {n} in {classes}",
        subtitle=_described(recipe) if recipe else (),
        first_apart=recipe is not None,
        blocks=blocks,
    )


def _number(dataset: Dataset, number: int | None, augmented: bool) -> int:
    if number is None:
        few = (8, 5, 3) if augmented else (10, 6, 4)
        return few[(dataset.n_classes > 12) + (dataset.n_classes > 40)]
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= MOST_PICTURES:
        raise SmaltiError(
            f"n is {number!r}; expected a number of pictures of each class "
            f"from 1 to {MOST_PICTURES}."
        )
    return number


def _rows(dataset: Dataset, counts: np.ndarray, pictures: list[list[np.ndarray]]) -> list[ClassRow]:
    from smalti.reporting.plots.class_grid import ClassRow

    said = dataset.n_classes <= _NAMED_EVERY_CLASS
    return [
        ClassRow(name, count(n) if said else "", shown)
        for name, n, shown in zip(dataset.class_names, counts, pictures, strict=True)
    ]


def _beside_versions(
    dataset: Dataset, pictures: list[list[np.ndarray]], recipe: Recipe, number: int, seed: int
) -> list[list[np.ndarray]]:
    """Return each class's picture, followed by versions of it; classes without any stay empty."""
    there = [label for label, shown in enumerate(pictures) if shown]
    originals = np.stack([pictures[label][0] for label in there])
    versions = _augmented(originals, recipe, number, seed, dataset.name)
    beside: list[list[np.ndarray]] = [[] for _ in pictures]
    for place, label in enumerate(there):
        beside[label] = [originals[place], *versions[:, place]]
    return beside


def _augmented(
    pictures: np.ndarray, recipe: Recipe, number: int, seed: int, data: str
) -> np.ndarray:
    """Return ``number`` versions of each picture, uint8 number×N×H×W×C."""
    import torch

    from smalti import augmentation

    change = augmentation.make(recipe.augmentation)
    mix = augmentation.make_mixing(recipe.augmentation)
    if change is None and mix is None:
        raise SmaltiError(
            f"The recipe {recipe.name} changes no picture of {data}: it has no augmentation.",
            "Choose another recipe (smalti recipes), or leave out --augment.",
        )
    draws = torch.Generator().manual_seed(seed)
    batch = torch.from_numpy(pictures).permute(0, 3, 1, 2)
    versions = []
    # A batch a version, one picture of every class in it: what is mixed comes from another class.
    for _ in range(number):
        changed = batch if change is None else change(batch, draws)
        changed = changed if mix is None else mix(changed, draws).pictures
        whole = changed.round() if changed.is_floating_point() else changed
        versions.append(whole.clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy())
    return np.stack(versions)


def _described(recipe: Recipe) -> tuple[str, str]:
    fields = to_dict(recipe)["augmentation"]
    policy = fields.pop("policy")
    said = [
        name.replace("_", " ") if value is True else f"{name.replace('_', ' ')} {value:g}"
        for name, value in fields.items()
        if value
    ]
    words = f"{policy}: {', '.join(said)}" if said else policy
    first = f"left: as it is; right: as the recipe {recipe.name} feeds it to the network"
    return first, f"augmentation {words}"
