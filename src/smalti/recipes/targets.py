"""The shorter plans of the recipe ``fast``: how little training an accuracy takes.

Each plan is what differs from the recipe's own values for the data set. Chosen on validation; what
they reach on the test sets stands in ``benchmarks/README.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from smalti.errors import SmaltiError, log

RECIPE = "fast"
"""The recipe that has plans by target."""

_SMALLER_STEPS: dict[str, Any] = {"optimizer.learning_rate": 0.1}
"""Plans of more than a few hundred steps end better with them: the rate is the part by which
weights turn in a step, and many large turns leave more noise than they find."""

_GREY: dict[str, Any] = {"model.patch": 4, "augmentation.shift": 0.04}

PLANS: Mapping[str, Mapping[float, Mapping[str, Any]]] = MappingProxyType(
    {
        "mnist": {
            # On two cores 3.6 s; batches of 250 took 4.2 to 5 s and reached 99.05 to 99.22 %.
            99.0: {**_GREY, "model.filters": (16, 48), "training.epochs": 1},
            99.5: {
                **_GREY,
                **_SMALLER_STEPS,
                "model.filters": (32, 64, 64),
                "training.epochs": 5,
            },
        },
        "fashion-mnist": {
            # 8 epochs reached 93.1 % on the test set in 66 s: 6 seconds more than there were.
            92.0: {
                **_GREY,
                **_SMALLER_STEPS,
                "model.filters": (32, 64, 64),
                "training.epochs": 6,
                "prediction.views": 2,
            },
        },
        "cifar10": {
            85.0: {
                **_SMALLER_STEPS,
                "model.patch": 4,
                "model.filters": (32, 128, 128),
                "training.epochs": 5,
            },
            90.0: {**_SMALLER_STEPS, "model.patch": 4, "training.epochs": 7},
        },
    }
)
"""Fields by data set and by the accuracy in percent that the plan is for, lowest first.

On validation, single seeds but for the first: MNIST 99.11 ± 0.03 % (3 seeds) and 99.55 %;
Fashion-MNIST 93.5 % with 8 epochs (two views); CIFAR-10 86.2 % with 4 epochs, and 89.8 % with 6 at
twice the rate (six views). In batches of 250 at twice the rate three of them were 99.53 (6 epochs),
93.0 and 85.4 %.
"""


def plan_for(data: str, wanted: float) -> tuple[float, Mapping[str, Any]]:
    """Return the shortest plan that is for at least ``wanted`` percent, and what it is for.

    Says so where that is more. A data set without plans, and an accuracy above the highest, are
    errors that name what there is.
    """
    if data not in PLANS:
        raise SmaltiError(
            f"There is no plan by target for {data or 'these pictures'}.",
            f"There are for {listed_plans()}. Without --target: smalti train DATA "
            f"--recipe {RECIPE}",
        )
    enough = [target for target in PLANS[data] if target >= wanted]
    if not enough:
        raise SmaltiError(
            f"No plan for {data} is for {wanted:g} %; there are for {_listed(data)}.",
            f"Use the highest: --target {max(PLANS[data]):g}",
        )
    target = min(enough)
    if target != wanted:
        log.info("Plans for %s are for %s: taking that for %g %%.", data, _listed(data), target)
    return target, PLANS[data][target]


def highest_plan(data: str) -> Mapping[str, Any]:
    """Return the plan for the most accuracy on a data set; nothing where there is none."""
    plans = PLANS.get(data, {})
    return plans[max(plans)] if plans else {}


def listed_plans() -> str:
    """Return what plans there are for, ``"mnist 99 and 99.5 %; …"``."""
    return "; ".join(f"{name} {_listed(name)}" for name in PLANS)


def _listed(data: str) -> str:
    *most, last = (f"{target:g}" for target in PLANS[data])
    return f"{', '.join(most)} and {last} %" if most else f"{last} %"
