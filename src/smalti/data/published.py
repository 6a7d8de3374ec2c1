"""The built-in sets as they were published: files, checksums, classes.

The archives' SHA-256 are those that TensorFlow Datasets and torchvision check, too; the SHA-256
of the arrays' bytes (labels as uint8) are what counts: they are checked whatever the file was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from smalti.data.cifar import CIFAR10_BINARY, CIFAR100_BINARY
from smalti.data.class_names import CLOTHES, COARSE, DIGITS, FINE, OBJECTS
from smalti.data.layouts import Read, read_idx_files


@dataclass(frozen=True)
class Archive:
    """A published file: its name, SHA-256, size in bytes, and where it is to be had."""

    file: str
    sha256: str
    size: int
    urls: tuple[str, ...]


@dataclass(frozen=True)
class Published:
    """A built-in set: what it holds and where it comes from.

    ``arrays`` are the SHA-256 of x_train, y_train, x_test and y_test (digits: x and y).
    ``fingerprint`` is that of the whole data set as smalti keeps it, empty where only those of the
    arrays are known. ``decode`` makes the arrays from the paths of the archives, in their order.
    ``fine`` is the set whose pictures this one calls by their superclass.
    """

    name: str
    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int]
    sizes: Mapping[str, int]
    arrays: Mapping[str, str]
    fingerprint: str
    archives: tuple[Archive, ...]
    decode: Read
    fine: str = ""

    @property
    def download_size(self) -> int:
        """Bytes to download; 0 where nothing has to be."""
        return sum(archive.size for archive in self.archives)

    @property
    def pictures(self) -> int:
        """The number of pictures in all parts."""
        return sum(self.sizes.values())


def _from_scikit_learn(_: Sequence[Path]) -> dict[str, np.ndarray]:
    from sklearn.datasets import load_digits

    digits = load_digits()
    # Whole numbers from 0 to 16, held as fractions, stretched to 0–255 in whole numbers.
    sixteenths = digits.images.astype(np.int64)
    return {
        "x": ((sixteenths * 255 + 8) // 16).astype(np.uint8),
        "y": digits.target.astype(np.uint8),
    }


def _idx_archives(files: Mapping[str, tuple[str, int]], *places: str) -> tuple[Archive, ...]:
    return tuple(
        Archive(f"{name}.gz", sha256, size, tuple(f"{place}/{name}.gz" for place in places))
        for name, (sha256, size) in files.items()
    )


def _cifar_places(file: str) -> tuple[str, ...]:
    """Return the author's page, and the copy that MindSpore's tutorials are served with."""
    return (
        f"https://www.cs.toronto.edu/~kriz/{file}",
        f"https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/{file}",
    )


_CIFAR100_ARCHIVES = (
    Archive(
        "cifar-100-binary.tar.gz",
        "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
        168_513_733,
        _cifar_places("cifar-100-binary.tar.gz"),
    ),
)
_CIFAR100_PICTURES = {
    "x_train": "4e457917601a66aed021f5fa37957b56c6319557c0a8ed5484de3c390af45430",
    "x_test": "4cb8e5d9309da489bf6b19cc10cd96c3ae6f8daf225380b605aaee4c0d6aee19",
}


PUBLISHED = {
    "mnist": Published(
        "mnist",
        DIGITS,
        (28, 28, 1),
        {"train": 60_000, "test": 10_000},
        {
            "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
            "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
            "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
            "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
        },
        "c7cf97a2e07c1cc6d2d2a64888971982870002cd602133e5240232f70a21d85e",
        _idx_archives(
            {
                "train-images-idx3-ubyte": (
                    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                    9_912_422,
                ),
                "train-labels-idx1-ubyte": (
                    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                    28_881,
                ),
                "t10k-images-idx3-ubyte": (
                    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                    1_648_877,
                ),
                "t10k-labels-idx1-ubyte": (
                    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                    4_542,
                ),
            },
            # The original page no longer serves the files; these are copies of them.
            "https://ossci-datasets.s3.amazonaws.com/mnist",
            "https://storage.googleapis.com/cvdf-datasets/mnist",
        ),
        read_idx_files,
    ),
    "fashion-mnist": Published(
        "fashion-mnist",
        CLOTHES,
        (28, 28, 1),
        {"train": 60_000, "test": 10_000},
        {
            "x_train": "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
            "y_train": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
            "x_test": "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
            "y_test": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
        },
        "b3f682db568e04c1adca3cbc0801e0161d7d8c94e05cac6313c2ac3105504c04",
        _idx_archives(
            {
                "train-images-idx3-ubyte": (
                    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                    26_421_880,
                ),
                "train-labels-idx1-ubyte": (
                    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                    29_515,
                ),
                "t10k-images-idx3-ubyte": (
                    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                    4_422_102,
                ),
                "t10k-labels-idx1-ubyte": (
                    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                    5_148,
                ),
            },
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
        ),
        read_idx_files,
    ),
    "cifar10": Published(
        "cifar10",
        OBJECTS,
        (32, 32, 3),
        {"train": 50_000, "test": 10_000},
        {
            "x_train": "47af8b02cfcfb6cdf3dbbd1969ad7f1b70f4413f6f80f437b020ee4e5bc8304a",
            "y_train": "2b7cd2f24487317614016b72ffd53071c3062f592f0eb300c18a770d41ae1253",
            "x_test": "f9b1e2130bab680db56eb06d886f7f1ad0f1183907ceff4659d1735c890f5b04",
            "y_test": "cec8a24a1e92aa2ecaa0bbd3dbfa86bf6cd8759fbd209a832824c8cf0afca9d5",
        },
        "d5b5390e56638ae5fb631fc43041664d541705e08eb4dc7612df4254537272d1",
        (
            Archive(
                "cifar-10-binary.tar.gz",
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                170_052_171,
                _cifar_places("cifar-10-binary.tar.gz"),
            ),
        ),
        CIFAR10_BINARY.from_archive,
    ),
    "cifar100": Published(
        "cifar100",
        FINE,
        (32, 32, 3),
        {"train": 50_000, "test": 10_000},
        {
            **_CIFAR100_PICTURES,
            "y_train": "9f11b9f97aad759ba6df0a33e3218b01d8deaf4ed3a14aa1185d69b9ad7ebcb3",
            "y_test": "4dad7d09c7c97d33f6cb928d705cf4196221316fd6e31bdd978a08ed9103ee0b",
        },
        "",
        _CIFAR100_ARCHIVES,
        CIFAR100_BINARY.from_archive,
    ),
    "cifar100-coarse": Published(
        "cifar100-coarse",
        COARSE,
        (32, 32, 3),
        {"train": 50_000, "test": 10_000},
        {
            **_CIFAR100_PICTURES,
            "y_train": "1804078d4e89b6b90bd5da6ffead1404596f6eecba15ceb8d95b6a09dfbba4c0",
            "y_test": "48df17fb3bf299f43dd7e131db11ca0ea8b07d750be8b6dcf7ad6ff1b4cc721d",
        },
        "",
        _CIFAR100_ARCHIVES,
        CIFAR100_BINARY.from_archive,
        fine="cifar100",
    ),
    "digits": Published(
        "digits",
        DIGITS,
        (8, 8, 1),
        {"train": 1_797},
        {
            "x": "b41ca9fd335466eee997366c2e6f6bbe0a1b4582afe091fc4eba35f4a254182f",
            "y": "8ba4f891220f5e4c9c819638d1602d74b83618f167043c6da52a2a247841ddf0",
        },
        "7e803f90c2f5c056c73caeee887f608ef2a24bf95e2de636898bd09ca89b4624",
        (),
        _from_scikit_learn,
    ),
}
