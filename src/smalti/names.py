"""Every name a user can type, with one sentence each and where the thing behind it lives.

The places are strings, so that names can be listed, checked and helped with before any framework
is imported.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from smalti.errors import unknown


@dataclass(frozen=True)
class Entry:
    """A name: what it is in one sentence, ``module:attribute``, and the fields it listens to."""

    name: str
    summary: str
    place: str = ""
    fields: tuple[str, ...] = ()

    def load(self) -> Any:
        """Import and return the thing behind the name."""
        module, attribute = self.place.split(":")
        return getattr(importlib.import_module(module), attribute)


class Names(Mapping[str, Entry]):
    """The names of one kind, in the order in which they are shown."""

    def __init__(self, kind: str, command: str, *entries: Entry) -> None:
        self.kind = kind
        self.command = command
        self._entries = MappingProxyType({entry.name: entry for entry in entries})

    def __getitem__(self, name: str) -> Entry:
        """Return the entry; an unknown name is an error that gives the nearest valid one."""
        if name not in self._entries:
            raise unknown(self.kind, name, self._entries, self.command)
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


_CONVOLUTIONAL = (
    "filters",
    "hidden",
    "activation",
    "batch_norm",
    "dropout",
    "head_dropout",
    "padding",
    "pooling",
)
_STRIDED = ("filters", "depth", "width", "activation", "batch_norm", "dropout", "head_dropout")

MODELS = Names(
    "model",
    "smalti models",
    Entry(
        "dense",
        "Fully connected layers on the flattened picture.",
        "smalti.models.dense:Dense",
        ("hidden", "activation", "batch_norm", "dropout"),
    ),
    Entry(
        "simple-cnn",
        "One 3×3 convolution per entry of `filters`, one max pooling, dense layers.",
        "smalti.models.convnet:SimpleCNN",
        _CONVOLUTIONAL,
    ),
    Entry(
        "cnn",
        "Stages of `depth` 3×3 convolutions, max pooling and dropout (VGG-like), dense layers.",
        "smalti.models.convnet:CNN",
        (*_CONVOLUTIONAL, "depth"),
    ),
    Entry(
        "resnet",
        "Stages of `depth` residual blocks, `width` times the filters; average of each map.",
        "smalti.models.resnet:ResNet",
        _STRIDED,
    ),
    Entry(
        "separable",
        "Stages of `depth` depthwise-separable blocks, few parameters; average of each map.",
        "smalti.models.separable:SeparableNet",
        _STRIDED,
    ),
    Entry(
        "fast",
        "Whitened patches, stages of `depth` convolutions pooled early, the largest of each map.",
        "smalti.models.fast:Fast",
        (
            "filters",
            "depth",
            "width",
            "activation",
            "batch_norm",
            "whitening",
            "patch",
            "residual",
            "identity_init",
        ),
    ),
)

RECIPES = Names(
    "recipe",
    "smalti recipes",
    Entry(
        "dense",
        "The classic two-hidden-layer network; seconds to minutes on any machine.",
        "smalti.recipes.named:dense",
    ),
    Entry(
        "simple-cnn",
        "Two convolutions, one pooling, one hidden layer: the smallest useful CNN.",
        "smalti.recipes.named:simple_cnn",
    ),
    Entry(
        "cnn",
        "A VGG-like CNN with batch norm, dropout, augmentation; the default but for fast's sets.",
        "smalti.recipes.named:cnn",
    ),
    Entry(
        "dense-classic",
        "The layers of `dense` as tutorials train them: Adam at 0.001 and nothing more.",
        "smalti.recipes.named:dense_classic",
    ),
    Entry(
        "cnn-classic",
        "The layers of `cnn` as tutorials train them: Adam, plateau, early stopping, 30 epochs.",
        "smalti.recipes.named:cnn_classic",
    ),
    Entry(
        "conv-pool",
        "Pairs of one convolution and one pooling, dropout, one hidden layer; quick.",
        "smalti.recipes.named:conv_pool",
    ),
    Entry(
        "resnet",
        "A residual network with global average pooling; depth and width are options.",
        "smalti.recipes.named:resnet",
    ),
    Entry(
        "separable",
        "A depthwise-separable network: few parameters, not quick on a CPU.",
        "smalti.recipes.named:separable",
    ),
    Entry(
        "fast",
        "Plans of speed records, by --target; the default for mnist, fashion-mnist and cifar10.",
        "smalti.recipes.named:fast",
    ),
)

BASELINES = Names(
    "classical method",
    "smalti recipes",
    Entry(
        "knn",
        "The commonest class among the nearest training pictures, by the distance of pixels.",
        "smalti.baselines.methods:knn",
        ("pictures", "neighbours"),
    ),
    Entry(
        "pca-knn",
        "Nearest neighbours among principal components of the pixels.",
        "smalti.baselines.methods:pca_knn",
        ("pictures", "components", "neighbours"),
    ),
    Entry(
        "linear-svm",
        "A plane between each class and the others, with the widest margin.",
        "smalti.baselines.methods:linear_svm",
        ("pictures", "components", "C"),
    ),
    Entry(
        "rbf-svm",
        "A support vector machine with a Gaussian kernel, on principal components.",
        "smalti.baselines.methods:rbf_svm",
        ("pictures", "components", "C", "gamma"),
    ),
    Entry(
        "forest",
        "A random forest (Breiman 2001) on the pixels.",
        "smalti.baselines.methods:forest",
        ("pictures", "trees"),
    ),
    Entry(
        "logistic-regression",
        "Multinomial logistic regression on the pixels: a network without a hidden layer.",
        "smalti.baselines.methods:logistic_regression",
        ("pictures", "components", "C"),
    ),
)
"""Classical methods (scikit-learn), each also the name of a recipe; nothing of them is kept."""

_OF_EVERY_OPTIMIZER = ("learning_rate", "weight_decay", "momentum")

OPTIMIZERS = Names(
    "optimizer",
    "smalti recipes cnn",
    Entry(
        "adam",
        "Adam (Kingma & Ba 2015); weight decay acts as an L2 penalty.",
        fields=_OF_EVERY_OPTIMIZER,
    ),
    Entry(
        "adamw",
        "Adam with decoupled weight decay (Loshchilov & Hutter 2019).",
        fields=_OF_EVERY_OPTIMIZER,
    ),
    Entry(
        "radam",
        "Adam with a rectified start, which needs no warm-up (Liu et al. 2020).",
        fields=_OF_EVERY_OPTIMIZER,
    ),
    Entry(
        "sgd",
        "Stochastic gradient descent with Nesterov momentum.",
        fields=_OF_EVERY_OPTIMIZER,
    ),
    Entry(
        "muon",
        "Orthogonal steps for hidden weights (Jordan 2024), AdamW for the others.",
        fields=(*_OF_EVERY_OPTIMIZER, "unit_weights", "other_rate"),
    ),
)

SCHEDULES = Names(
    "schedule",
    "smalti recipes cnn",
    Entry("constant", "The learning rate stays as it is after the warm-up."),
    Entry("cosine", "Half a cosine from the learning rate to zero (Loshchilov & Hutter 2017)."),
    Entry("linear", "A straight line from the learning rate to zero."),
    Entry("one-cycle", "A rise, then a long fall; momentum the other way (Smith & Topin 2019)."),
    Entry("plateau", "Reduced whenever validation loss has stopped falling."),
)

_WITH_ANY_POLICY = ("alternating_flip", "erasing", "mixup", "cutmix")

AUGMENTATIONS = Names(
    "augmentation policy",
    "smalti recipes cnn",
    Entry(
        "none",
        "Pictures are used as they are, but for mirroring by turns, erasing and mixing where set.",
        fields=_WITH_ANY_POLICY,
    ),
    Entry(
        "affine",
        "Random mirror, shift, rotation and zoom in one interpolation.",
        "smalti.augmentation:affine",
        ("horizontal_flip", "shift", "rotation", "zoom", *_WITH_ANY_POLICY),
    ),
    Entry(
        "rand-augment",
        "A few random operations a picture, all of one strength (Cubuk et al. 2020).",
        "smalti.augmentation.rand_augment:rand_augment",
        ("horizontal_flip", "shift", "operations", "strength", *_WITH_ANY_POLICY),
    ),
    Entry(
        "augmix",
        "Mixtures of a picture and three changed versions of it (Hendrycks et al. 2020).",
        "smalti.augmentation.augmix:augmix",
        ("horizontal_flip", "shift", "operations", "strength", *_WITH_ANY_POLICY),
    ),
)

CORRUPTIONS = Names(
    "corruption",
    "smalti stress --help",
    Entry(
        "gaussian-noise",
        "Normal noise on every value.",
        "smalti.corruptions.noise:gaussian_noise",
    ),
    Entry(
        "shot-noise",
        "Noise of counted photons, more of it where it is bright.",
        "smalti.corruptions.noise:shot_noise",
    ),
    Entry(
        "impulse-noise",
        "Some values at their lowest or highest (salt and pepper).",
        "smalti.corruptions.noise:impulse_noise",
    ),
    Entry("blur", "Out of focus.", "smalti.corruptions.blurring:blur"),
    Entry(
        "motion-blur",
        "Drawn out across, down or along a diagonal.",
        "smalti.corruptions.blurring:motion_blur",
    ),
    Entry("fog", "Uneven bright fog over it.", "smalti.corruptions.weather:fog"),
    Entry("snow", "White flakes before it.", "smalti.corruptions.weather:snow"),
    Entry("brightness", "Every value brighter.", "smalti.corruptions.light:brightness"),
    Entry("contrast", "Every value nearer to the mean.", "smalti.corruptions.light:contrast"),
    Entry(
        "invert",
        "An upright stripe of it as a negative, then all of it.",
        "smalti.corruptions.light:invert",
    ),
    Entry("jpeg", "Stored as JPEG of low quality.", "smalti.corruptions.storing:jpeg"),
    Entry("pixelate", "Fewer, larger pixels.", "smalti.corruptions.storing:pixelate"),
    Entry("shift", "Moved in one of eight directions.", "smalti.corruptions.moving:shift"),
    Entry("rotate", "Turned to the left or to the right.", "smalti.corruptions.moving:rotate"),
    Entry("scale", "Shrunk about its centre.", "smalti.corruptions.moving:scale"),
)

ACTIVATIONS = Names(
    "activation",
    "smalti models",
    Entry("relu", "max(0, x).", "torch.nn:ReLU"),
    Entry("leaky-relu", "x, and 0.01 x below zero.", "torch.nn:LeakyReLU"),
    Entry("elu", "x, and exp(x) - 1 below zero.", "torch.nn:ELU"),
    Entry("selu", "Scaled ELU (Klambauer et al. 2017).", "torch.nn:SELU"),
    Entry("gelu", "x times the normal distribution function of x.", "torch.nn:GELU"),
    Entry("silu", "x times sigmoid of x, also called swish.", "torch.nn:SiLU"),
    Entry("mish", "x times tanh of softplus of x (Misra 2019).", "torch.nn:Mish"),
    Entry(
        "hardswish", "A cheap, piecewise form of SiLU (Howard et al. 2019).", "torch.nn:Hardswish"
    ),
    Entry("softplus", "log(1 + exp(x)).", "torch.nn:Softplus"),
    Entry("tanh", "The hyperbolic tangent.", "torch.nn:Tanh"),
    Entry("sigmoid", "1 / (1 + exp(-x)).", "torch.nn:Sigmoid"),
)

DRAWINGS = Names(
    "drawing",
    "smalti report RUN",
    Entry(
        "curves",
        "Loss, accuracy and learning rate over the epochs.",
        "smalti.reporting.drawings:curves",
    ),
    Entry(
        "confusion",
        "The confusion matrix in pictures.",
        "smalti.reporting.drawings:confusion",
    ),
    Entry(
        "confusion-normalised",
        "The confusion matrix in percent of each true class.",
        "smalti.reporting.drawings:confusion_normalised",
    ),
    Entry(
        "samples",
        "Test pictures, marked as right or wrong.",
        "smalti.reporting.drawings:samples",
    ),
    Entry(
        "augmented",
        "Training pictures as the network was fed them.",
        "smalti.reporting.drawings:augmented",
    ),
    Entry(
        "stress",
        "Accuracy where pictures get worse, by corruption and strength.",
        "smalti.reporting.drawings:stress",
    ),
)

FORMATS = Names(
    "format",
    "smalti export --help",
    Entry(
        "keras",
        "Keras 3's own archive, for every backend of Keras.",
        "smalti.formats.keras:export",
    ),
    Entry("h5", "Keras's older HDF5 file, which Keras 3 reads too.", "smalti.formats.keras:export"),
    Entry(
        "onnx",
        "One file for ONNX Runtime, on any system and in any language.",
        "smalti.formats.onnx:export",
    ),
)

TRACKERS = Names(
    "tracker",
    "smalti train --help",
    Entry(
        "tensorboard",
        "Event files in the run's folder, for TensorBoard.",
        "smalti.training.trackers.tensorboard:TensorBoard",
    ),
    Entry(
        "mlflow",
        "An MLflow database beside the runs, or the server that MLFLOW_TRACKING_URI names.",
        "smalti.training.trackers.mlflow:MLflow",
    ),
    Entry(
        "wandb",
        "Weights & Biases; with WANDB_MODE=offline files in the run's folder.",
        "smalti.training.trackers.wandb:WeightsAndBiases",
    ),
)

SCALES = Names(
    "scale",
    "smalti predict --help",
    Entry("0-1", "Pixels divided by 255."),
    Entry("0-255", "Pixels as they are."),
    Entry("-1-1", "Pixels divided by 127.5, less 1."),
    Entry("standardised", "Mean 0 and deviation 1 over the training pictures, channel by channel."),
    Entry("caffe", "Blue, green, red, less ImageNet's means; colour only."),
)

DATASETS = Names(
    "data set",
    "smalti data list",
    Entry("mnist", "Handwritten digits, 28×28 grey, 60,000 + 10,000 (LeCun et al. 1998)."),
    Entry("fashion-mnist", "Clothes, 28×28 grey, 60,000 + 10,000 (Xiao et al. 2017)."),
    Entry("cifar10", "Ten kinds of objects, 32×32 colour, 50,000 + 10,000 (Krizhevsky 2009)."),
    Entry(
        "cifar100",
        "A hundred kinds of objects, 32×32 colour, 50,000 + 10,000 (Krizhevsky 2009).",
    ),
    Entry("cifar100-coarse", "The pictures of cifar100 with its 20 superclasses as labels."),
    Entry("digits", "scikit-learn's 1,797 digits, 8×8 grey; needs no download; our own split."),
)
