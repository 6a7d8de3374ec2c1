"""Recipes: everything that makes a run, as typed values with one sentence each."""

from smalti.recipes.fields import (
    AugmentationConfig,
    BaselineConfig,
    DataConfig,
    ModelConfig,
    OptimizerConfig,
    Recipe,
    ScheduleConfig,
    TrainingConfig,
)
from smalti.recipes.options import field_help, from_dict, to_dict, with_options
from smalti.recipes.resolve import resolve

__all__ = [
    "AugmentationConfig",
    "BaselineConfig",
    "DataConfig",
    "ModelConfig",
    "OptimizerConfig",
    "Recipe",
    "ScheduleConfig",
    "TrainingConfig",
    "field_help",
    "from_dict",
    "resolve",
    "to_dict",
    "with_options",
]
