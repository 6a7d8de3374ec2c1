"""The fields of a recipe: types, defaults, ranges, and the sentence that every help text shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def option(
    default: Any,
    sentence: str,
    *,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    below: float | None = None,
    choices: tuple[Any, ...] = (),
    names: str = "",
) -> Any:
    """Declare a field: its sentence, its range (``above``/``below`` exclude the end), its choices.

    ``names`` is the registry in :mod:`smalti.names` that a text value must stand in.
    """
    limits = {"low": low, "high": high, "above": above, "below": below}
    metadata = {"sentence": sentence, "limits": limits, "choices": choices, "names": names}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class DataConfig:
    """Which pictures, and how they are divided."""

    source: str = option("", "Built-in set, folder or .npz file to train on.")
    image_size: int = option(
        0,
        "Side in pixels that pictures are scaled to; 0: 64 for folders, their own size for arrays.",
        low=0,
        high=4096,
    )
    validation: float = option(
        0.1,
        "Part of the training pictures kept for validation: a fraction, or a number of pictures; "
        "0 trains on all of them.",
        low=0,
    )
    split_seed: int = option(0, "Seed of the split; the run's own seed never moves it.", low=0)
    split: str = option(
        "",
        "Pool all pictures and divide them anew, in percent of train/validation/test such as "
        "80/10/10; empty: the parts that the data come with.",
    )


@dataclass(frozen=True)
class ModelConfig:
    """The network; a model listens to some of these fields only."""

    name: str = option("cnn", "Name of the network.", names="MODELS")
    filters: tuple[int, ...] = option((32, 64, 128), "Filters of each convolution stage.", low=1)
    hidden: tuple[int, ...] = option((128,), "Widths of the hidden dense layers.", low=1)
    activation: str = option("relu", "Activation function.", names="ACTIVATIONS")
    batch_norm: bool = option(
        True, "Normalise each layer's values over the batch (Ioffe & Szegedy 2015)."
    )
    dropout: float = option(
        0.0,
        "Part dropped after each convolution stage (cnn), convolution (simple-cnn, the last one's "
        "after the pooling) or hidden layer (dense), or inside each block (resnet, separable).",
        low=0,
        below=1,
    )
    head_dropout: float = option(
        0.0, "Part dropped before the last layer of a convolutional network.", low=0, below=1
    )
    padding: str = option(
        "same", "Border of the convolutions: kept by zeros, or cut.", choices=("same", "valid")
    )
    depth: int = option(
        2, "Convolutions (cnn, fast) or blocks (resnet, separable) a stage.", low=1, high=100
    )
    width: float = option(
        1.0, "Factor on the filters of every stage of resnet, separable and fast.", above=0, high=64
    )
    pooling: str = option(
        "flatten",
        "From feature maps to a vector: all values, or the average of each map (Lin et al. 2014).",
        choices=("flatten", "average"),
    )
    whitening: bool = option(
        True, "Begin with filters that make patches of the training pictures white (fast)."
    )
    residual: bool = option(
        False,
        "The convolutions of a stage behind its first add to what comes in (fast; He et al. 2016).",
    )
    patch: int = option(
        2,
        "Side of the whitened patches in pixels (fast); with 4 every second patch is taken, which "
        "halves the sides.",
        choices=(2, 3, 4),
    )
    identity_init: bool = option(
        True, "Each convolution begins by passing its inputs on (fast; Dirac)."
    )


@dataclass(frozen=True)
class OptimizerConfig:
    """How gradients become steps."""

    name: str = option("adamw", "Optimizer.", names="OPTIMIZERS")
    learning_rate: float = option(1e-3, "Largest learning rate of the plan.", above=0, high=1000)
    weight_decay: float = option(0.0, "Decay of the weights (not of biases and norms).", low=0)
    momentum: float = option(
        0.9, "Momentum of sgd and muon, first moment of the Adams.", low=0, below=1
    )
    unit_weights: bool = option(
        False,
        "muon: bring weights back to rows of length 1 before each step, instead of decay; the "
        "learning rate is then the part by which they turn (Jordan 2024).",
    )
    other_rate: float = option(
        0.0,
        "muon: learning rate of what is left to AdamW (output layer, biases, norms); 0: the same.",
        low=0,
        high=1000,
    )


@dataclass(frozen=True)
class ScheduleConfig:
    """How the learning rate moves."""

    name: str = option("cosine", "Course of the learning rate.", names="SCHEDULES")
    warmup: float = option(
        0.0, "Epochs of linear rise at the start (one-cycle has its own).", low=0
    )
    factor: float = option(0.5, "plateau: the rate is multiplied by this.", above=0, below=1)
    patience: int = option(3, "plateau: epochs without a better validation loss.", low=1)
    rise: float = option(
        0.3, "one-cycle: part of the training in which the rate rises.", above=0, below=1
    )


@dataclass(frozen=True)
class AugmentationConfig:
    """Random changes of the training pictures; validation and test never see them."""

    policy: str = option("none", "Which changes are made.", names="AUGMENTATIONS")
    horizontal_flip: bool = option(False, "Mirror left and right in half of the pictures.")
    alternating_flip: bool = option(
        False,
        "Mirror each picture every other epoch, a random half first (Jordan 2024); instead of "
        "horizontal_flip.",
    )
    shift: float = option(0.0, "Largest shift, as a part of the side.", low=0, high=1)
    rotation: float = option(0.0, "Largest rotation, in degrees.", low=0, high=180)
    zoom: float = option(0.0, "Largest zoom in or out, as a part of the side.", low=0, below=1)
    operations: int = option(
        2, "rand-augment: operations a picture; augmix: longest chain.", low=1, high=10
    )
    strength: float = option(
        0.3, "rand-augment and augmix: from 0 (hardly any change) to 1 (strongest).", low=0, high=1
    )
    erasing: float = option(
        0.0, "Probability that a rectangle of a picture is erased (Zhong et al. 2020).",
        low=0, high=1,
    )  # fmt: skip
    mixup: float = option(
        0.0, "MixUp: alpha of the Beta distribution (Zhang et al. 2018); 0: none.", low=0, high=10
    )
    cutmix: float = option(
        0.0, "CutMix: alpha of the Beta distribution (Yun et al. 2019); 0: none.", low=0, high=10
    )


@dataclass(frozen=True)
class TrainingConfig:
    """Length, batches, and what steers the end."""

    epochs: int = option(10, "Passes over the training pictures.", low=1)
    batch_size: int = option(64, "Pictures a step.", low=1)
    image_sizes: tuple[int, ...] = option(
        (),
        "Sides in pixels that training pictures are scaled to, one after the other in equal parts "
        "of the training (progressive resizing); none: their own size.",
        low=4,
        high=4096,
    )
    label_smoothing: float = option(
        0.0, "Part of the target spread over all classes (Szegedy et al. 2016).", low=0, below=1
    )
    ema: float = option(
        0.0, "Decay a step of an average of the weights used for prediction; 0: none.",
        low=0, below=1,
    )  # fmt: skip
    early_stopping: int = option(
        0, "Stop after this many epochs without a better validation accuracy; 0: never.", low=0
    )
    teacher: str = option(
        "", "Finished run whose answers are learned beside the labels (Hinton et al. 2015)."
    )
    teacher_weight: float = option(
        0.7, "Part of the loss that the teacher's answers have; the labels have the rest.",
        above=0, high=1,
    )  # fmt: skip
    teacher_temperature: float = option(
        2.0, "Softening of the teacher's and the own answers in that part.", above=0, high=100
    )
    device: str = option("auto", "Where to train.", choices=("auto", "cpu", "cuda", "mps"))
    precision: str = option(
        "auto",
        "Number format of the arithmetic; auto takes what this machine is fast at.",
        choices=("auto", "float32", "bfloat16"),
    )
    layout: str = option(
        "auto",
        "Order of the values in memory; auto takes what this machine is fast at.",
        choices=("auto", "channels-last", "channels-first"),
    )
    threads: int = option(0, "CPU threads; 0: one a core.", low=0)
    deterministic: bool = option(
        False, "Same bits on every run on a GPU too (slower); the CPU always does."
    )
    cuda_graph: str = option(
        "auto",
        "Capture the step as a CUDA graph and replay it; auto: on CUDA, where the recipe allows.",
        choices=("auto", "on", "off"),
    )


@dataclass(frozen=True)
class PredictionConfig:
    """How the trained classifier answers; stored with it."""

    views: int = option(
        1,
        "Views averaged for an answer: 1, the picture alone; 2, with its mirror image; 3, with two "
        "one-pixel shifts; 6, both. Validation while training sees one.",
        choices=(1, 2, 3, 6),
    )


@dataclass(frozen=True)
class BaselineConfig:
    """A classical method in the network's place; it listens to some of these fields only."""

    name: str = option(
        "", "Classical method in the place of a network; its recipe sets it.", names="BASELINES"
    )
    pictures: int = option(
        0, "Training pictures that it is fitted on, every class in its proportion; 0: all.", low=0
    )
    components: int = option(
        0, "Principal components that the pixels are reduced to first; 0: the pixels.", low=0
    )
    neighbours: int = option(5, "Nearest training pictures that vote (knn, pca-knn).", low=1)
    C: float = option(
        1.0, "Weight of the training pictures against a simple boundary (svm, regression).", above=0
    )
    gamma: float = option(
        0.0, "Sharpness of the Gaussian kernel; 0: 1 / (features × variance).", low=0
    )
    trees: int = option(100, "Trees of the forest.", low=1, high=10_000)


@dataclass(frozen=True)
class Recipe:
    """Everything that makes a run; ``config.json`` is this, complete."""

    name: str = option("cnn", "Name of the recipe, and part of the run's name.")
    seed: int = option(0, "Seed of weights, order, augmentation and dropout.", low=0)
    target: float = option(
        0.0,
        "Accuracy in percent that is wanted: takes the shortest plan of the recipe `fast` for it; "
        "0: the recipe's own plan.",
        low=0,
        below=100,
    )
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    prediction: PredictionConfig = field(default_factory=PredictionConfig)
    baseline: BaselineConfig = field(default_factory=BaselineConfig)
