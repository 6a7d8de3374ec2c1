"""The rows of the result table: what each system is, its claim, smalti's aim, and its command.

The one place to edit: a command that changes makes its row "to be measured again". The keys are
those of the systems that set the floor, and ``speed``; every one of them is in :data:`ROWS`,
:data:`OPEN` or :data:`FEATURES`.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from smalti.errors import unknown
from smalti.recipes import Recipe, resolve
from smalti.recipes.flags import FLAGS
from smalti.recipes.options import flatten, parse_assignment

VALIDATED, ALL_PICTURES, POOLED = "validated", "all pictures", "pooled"
"""The places of a row in the table; figures of different places are never set side by side."""

SECTIONS = {
    VALIDATED: "**Official test set**, a tenth of the training pictures kept for validation:",
    ALL_PICTURES: "**Official test set, trained on every training picture** (`--validation 0`; "
    "settings fixed beforehand on runs with validation):",
    POOLED: "**Not the official test set**: all pictures pooled and divided anew (`--split`):",
}


@dataclass(frozen=True)
class Row:
    """One line of the result table.

    Args:
        key: The system's key, or several, among those that set the floor.
        system: What it is, in a few words.
        data: The data set, ``recipe`` the named recipe.
        epochs: The plan's length; None leaves the recipe's own.
        options: Further arguments of ``smalti train``, as they are typed.
        claim: What the system's authors claim; empty where they claim nothing.
        aim: The mean test accuracy to reach, a fraction; None where there is no aim yet.
        seconds: The longest mean time of one training on two cores; None where there is no aim.
        note: What a reader has to know beside the figure.
        headline: Whether the row stands in the short table too.
        teacher: The name of the row whose run of the same seed teaches this one.
    """

    key: str
    system: str
    data: str
    recipe: str
    epochs: int | None = None
    options: str = ""
    claim: str = ""
    aim: float | None = None
    seconds: float | None = None
    note: str = ""
    headline: bool = False
    teacher: str = ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """What follows ``smalti train``, but for the teacher, the seed and the folder."""
        length = () if self.epochs is None else ("--epochs", str(self.epochs))
        return (self.data, "--recipe", self.recipe, *length, *shlex.split(self.options))

    @property
    def commands(self) -> tuple[str, ...]:
        """What to type for seed 0, the teacher first."""
        own = ("smalti", "train", *self.arguments)
        if not self.teacher:
            return (shlex.join(own),)
        teacher = ROWS[self.teacher]
        run = f"runs/{teacher.data}-{teacher.recipe}-0"
        return (*teacher.commands, shlex.join((*own, *taught_by(run))))

    @property
    def command(self) -> str:
        return " && ".join(self.commands)

    @property
    def section(self) -> str:
        """Where the row stands: read off its options, so that it cannot be labelled wrongly."""
        fields = self.fields()
        if fields.get("data.split"):
            return POOLED
        return ALL_PICTURES if _is_zero(fields.get("data.validation", "")) else VALIDATED

    def fields(self) -> dict[str, str]:
        """Return the options as fields of a recipe, by dotted name."""
        return dict(_assignments(self.arguments[3:]))

    def digest(self) -> str:
        """Return a short hash of the recipe as it resolves today: what is not a field's default.

        So a field that is new, and does nothing unless set, leaves stored seeds valid. A recipe or
        an option that smalti does not know (yet) is a SmaltiError.
        """
        recipe = flatten(resolve(self.recipe, self.data, self.fields()))
        defaults = flatten(Recipe())
        chosen = {name: value for name, value in recipe.items() if value != defaults[name]}
        if self.teacher:
            chosen["training.teacher"] = ROWS[self.teacher].digest()
        return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Open:
    """A system that has no figure: what its authors claim, and why it is open."""

    key: str
    system: str
    reason: str
    headline: bool = False


@dataclass(frozen=True)
class Feature:
    """A system that is no figure but something to do: where it is, as typed."""

    key: str
    system: str
    where: str


def taught_by(run: str) -> tuple[str, str]:
    """Return the arguments that make a run the teacher."""
    return "--set", f"training.teacher={run}"


def row_named(name: str, rows: Mapping[str, Row] | None = None) -> Row:
    """Return a row; an unknown name is an error with the nearest."""
    rows = ROWS if rows is None else rows
    if name not in rows:
        raise unknown("row", name, rows, "python -m benchmarks rows")
    return rows[name]


def _assignments(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield field and value of arguments such as ``--validation 0 --set optimizer.name=sgd``."""
    for flag, value in zip(words[::2], words[1::2], strict=True):
        if flag == "--set":
            yield parse_assignment(value)
        elif flag.removeprefix("--") in FLAGS:
            yield FLAGS[flag.removeprefix("--")], value
        else:
            raise unknown("option of smalti train", flag, [f"--{name}" for name in FLAGS])


def _is_zero(text: str) -> bool:
    return bool(text) and float(text) == 0


def _without(*switches: str) -> str:
    """Return the options that take batch norm, dropout or both out of the simple CNN."""
    off = {
        "batch norm": "--set model.batch_norm=false",
        "dropout": "--set model.dropout=0 --set model.head_dropout=0",
    }
    return " ".join(off[switch] for switch in switches)


_PLAN = "their plan as written"

ROWS: Mapping[str, Row] = MappingProxyType(
    {
        "mnist-dense": Row(
            "A1", "MNIST, dense 128–128", "mnist", "dense", 20,
            claim="~98 %", aim=0.986, headline=True,
        ),
        "mnist-dense-classic": Row(
            "A1", "MNIST, dense 128–128", "mnist", "dense-classic", claim="~98 %", note=_PLAN,
        ),
        "cifar10-dense": Row(
            "A2", "CIFAR-10, dense 512–256", "cifar10", "dense",
            claim="~65 %", aim=0.65, headline=True,
        ),
        "cifar10-dense-classic": Row(
            "A2", "CIFAR-10, dense 512–256", "cifar10", "dense-classic",
            claim="~65 %", note=_PLAN,
        ),
        "mnist-conv-pool": Row(
            "B1, E2", "MNIST, convolutions and poolings", "mnist", "conv-pool",
            claim="> 99 % (E2)", aim=0.993, headline=True,
        ),
        "mnist-simple-cnn": Row(
            "C1", "MNIST, simple CNN", "mnist", "simple-cnn", aim=0.992, headline=True,
            note="batch norm and dropout",
        ),
        "mnist-simple-cnn-batch-norm": Row(
            "C1", "MNIST, simple CNN", "mnist", "simple-cnn", options=_without("dropout"),
            note="batch norm alone",
        ),
        "mnist-simple-cnn-dropout": Row(
            "C1", "MNIST, simple CNN", "mnist", "simple-cnn", options=_without("batch norm"),
            note="dropout alone",
        ),
        "mnist-simple-cnn-neither": Row(
            "C1", "MNIST, simple CNN", "mnist", "simple-cnn",
            options=_without("batch norm", "dropout"), note="neither",
        ),
        "mnist-simple-cnn-pooled": Row(
            "C1", "MNIST, simple CNN", "mnist", "simple-cnn", options="--split 80/10/10",
            note="our own split", headline=True,
        ),
        "cifar10-simple-cnn": Row(
            "C1", "CIFAR-10, simple CNN", "cifar10", "simple-cnn", aim=0.72, headline=True,
            note="batch norm and dropout",
        ),
        "cifar10-simple-cnn-batch-norm": Row(
            "C1", "CIFAR-10, simple CNN", "cifar10", "simple-cnn", options=_without("dropout"),
            note="batch norm alone",
        ),
        "cifar10-simple-cnn-dropout": Row(
            "C1", "CIFAR-10, simple CNN", "cifar10", "simple-cnn", options=_without("batch norm"),
            note="dropout alone",
        ),
        "cifar10-simple-cnn-neither": Row(
            "C1", "CIFAR-10, simple CNN", "cifar10", "simple-cnn",
            options=_without("batch norm", "dropout"), note="neither",
        ),
        "cifar10-simple-cnn-pooled": Row(
            "C1", "CIFAR-10, simple CNN", "cifar10", "simple-cnn", options="--split 80/10/10",
            note="our own split", headline=True,
        ),
        "mnist-cnn": Row(
            "D1", "MNIST, CNN", "mnist", "cnn", 20, claim="~99 %", aim=0.996, headline=True,
        ),
        "mnist-cnn-classic": Row(
            "D1", "MNIST, CNN", "mnist", "cnn-classic", claim="~99 %", note=_PLAN,
        ),
        "cifar10-cnn": Row(
            "B2, D2", "CIFAR-10, deeper CNN", "cifar10", "cnn", 30,
            claim="~85 % (D2)", aim=0.90, headline=True,
        ),
        "cifar10-cnn-classic": Row(
            "D2", "CIFAR-10, CNN", "cifar10", "cnn-classic", claim="~85 %", note=_PLAN,
        ),
        "cifar10-resnet": Row("D6", "CIFAR-10, residual network", "cifar10", "resnet"),
        "cifar10-separable": Row(
            "D6", "CIFAR-10, depthwise-separable convolutions", "cifar10", "separable",
        ),
        "mnist-dense-tanh": Row(
            "E1", "MNIST, dense 128–128, tanh", "mnist", "dense", 20,
            options="--set model.activation=tanh",
        ),
        "fashion-mnist-cnn": Row(
            "E3", "Fashion-MNIST, CNN", "fashion-mnist", "cnn", 20,
            claim="> 90 %", aim=0.94, headline=True,
        ),
        "fashion-mnist-cnn-classic": Row(
            "E3", "Fashion-MNIST, CNN", "fashion-mnist", "cnn-classic",
            claim="> 90 %", note=_PLAN,
        ),
        "mnist-99": Row(
            "speed", "MNIST, 99 % soon", "mnist", "fast", options="--target 99 --validation 0",
            aim=0.99, seconds=5, headline=True,
        ),
        "mnist-99.5": Row(
            "speed", "MNIST, 99.5 % soon", "mnist", "fast",
            options="--target 99.5 --validation 0", aim=0.995, seconds=45, headline=True,
        ),
        "fashion-mnist-92": Row(
            "speed", "Fashion-MNIST, 92 % soon", "fashion-mnist", "fast",
            options="--target 92 --validation 0", aim=0.92, seconds=60, headline=True,
        ),
        "cifar10-85": Row(
            "speed", "CIFAR-10, 85 % soon", "cifar10", "fast", options="--target 85 --validation 0",
            aim=0.855, seconds=200, headline=True,
        ),
        "cifar10-90": Row(
            "speed", "CIFAR-10, 90 % soon", "cifar10", "fast", options="--target 90 --validation 0",
            aim=0.90, headline=True,
        ),
        "cifar10-cnn-average": Row(
            "F", "CIFAR-10, CNN, global average pooling", "cifar10", "cnn", 10,
            options="--set model.pooling=average",
        ),
    }
)  # fmt: skip
"""Every row by its name, in the order of the table."""

_COMPARISON = "the options are there; measured by the comparison of recipes, which is to come"

OPEN = (
    Open(
        "D6 and F", "CIFAR-10, transfer learning (ResNet50, EfficientNet, VGG16)",
        "claimed 95 %+; needs pre-trained weights, "
        "which are not at hand where these figures are measured",
        headline=True,
    ),
    Open(
        "D6", "CIFAR-100",
        "its pictures are not at hand where these figures are measured; "
        "with them: `smalti train cifar100 --recipe cnn`",
        headline=True,
    ),
    Open("D6", "MixUp, CutMix, label smoothing, RAdam, deeper nets", _COMPARISON),
    Open("D6", "Ensembles of 3–5 seeds", "claimed +2–3 points; to come"),
    Open("E4", "Against SVM and k-nearest neighbours; depth, filters, augmentation", "to come"),
    Open("F", "Search over learning rate, layer sizes, dropout", "to come"),
)  # fmt: skip
"""What has no figure yet, and why."""

FEATURES = (
    Feature(
        "D3", "Early stopping, reduction on a plateau, best checkpoint",
        "`smalti train mnist --early-stopping 5 --schedule plateau`; the best epoch is always kept",
    ),
    Feature(
        "D4", "Curves, confusion matrix, right and wrong samples, augmentation examples",
        "`smalti report RUN`",
    ),
    Feature("D5", "A notebook with the whole story", "`examples/cnn_image_classification.ipynb`"),
    Feature(
        "D7", "Common issues: out of memory, idle GPU, poor accuracy, overfitting",
        "said while training, and by `smalti doctor`",
    ),
)  # fmt: skip
"""What is no figure but something to do."""
