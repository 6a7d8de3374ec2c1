"""Tiny stand-ins for the published sets, in the formats of the real ones, with a local server."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from smalti.data.class_names import COARSE_OF_FINE, FINE
from smalti.data.fingerprints import combined, sha256
from smalti.data.published import PUBLISHED, Archive, Published
from tests.data.python2_pickles import pickled
from tests.support import shapes


def idx(array: np.ndarray) -> bytes:
    """Return an array as the content of a gzipped idx file."""
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return gzip.compress(header + array.tobytes(), mtime=0)


def planes(images: np.ndarray) -> np.ndarray:
    """Return pictures as CIFAR stores them: a row of red, green and blue plane each."""
    return images.transpose(0, 3, 1, 2).reshape(len(images), -1)


def cifar_rows(images: np.ndarray, *labels: np.ndarray) -> bytes:
    """Return pictures and labels (CIFAR-100: superclass, class) as rows of the binary version."""
    columns = [column[:, None].astype(np.uint8) for column in labels]
    return np.concatenate([*columns, planes(images)], axis=1).tobytes()


def cifar_archive(arrays: dict[str, np.ndarray]) -> bytes:
    """Return arrays as the content of CIFAR-10's binary archive."""
    pieces = zip(
        np.array_split(arrays["x_train"], 5), np.array_split(arrays["y_train"], 5), strict=True
    )
    batches = {f"data_batch_{k}.bin": cifar_rows(*piece) for k, piece in enumerate(pieces, 1)}
    batches["test_batch.bin"] = cifar_rows(arrays["x_test"], arrays["y_test"])
    batches["readme.html"] = b"<html>"
    return tar_gz({f"cifar-10-batches-bin/{name}": body for name, body in batches.items()})


def cifar_batches(arrays: dict[str, np.ndarray]) -> dict[str, bytes]:
    """Return arrays as the pickled batches of CIFAR-10's python version, by file name."""
    pieces = zip(
        np.array_split(arrays["x_train"], 5), np.array_split(arrays["y_train"], 5), strict=True
    )
    named = {f"data_batch_{k}": piece for k, piece in enumerate(pieces, 1)}
    named["test_batch"] = (arrays["x_test"], arrays["y_test"])
    return {
        name: pickled(
            {
                "data": planes(images),
                "labels": labels.tolist(),
                "batch_label": f"batch {name}",
                "filenames": [f"{k}.png" for k in range(len(images))],
            }
        )
        for name, (images, labels) in named.items()
    } | {"batches.meta": b"never read", "readme.html": b"<html>"}


def cifar100_batches(arrays: dict[str, np.ndarray]) -> dict[str, bytes]:
    """Return arrays as the two pickled batches of CIFAR-100's python version, by file name."""
    return {
        part: pickled(
            {
                "filenames": [f"{k}.png" for k in range(len(arrays[f"x_{part}"]))],
                "batch_label": f"{part}ing batch 1 of 1",
                "fine_labels": arrays[f"y_{part}"].tolist(),
                "coarse_labels": coarse_of(arrays[f"y_{part}"]).tolist(),
                "data": planes(arrays[f"x_{part}"]),
            }
        )
        for part in ("train", "test")
    } | {"meta": b"never read", "file.txt~": b""}


def cifar100_archive(arrays: dict[str, np.ndarray]) -> bytes:
    """Return arrays as the content of CIFAR-100's binary archive."""
    rows = {
        f"{part}.bin": cifar_rows(
            arrays[f"x_{part}"], coarse_of(arrays[f"y_{part}"]), arrays[f"y_{part}"]
        )
        for part in ("train", "test")
    }
    rows |= {"fine_label_names.txt": "\n".join(FINE).encode()}
    return tar_gz({f"cifar-100-binary/{name}": body for name, body in rows.items()})


def coarse_of(labels: np.ndarray) -> np.ndarray:
    """Return the labels of the superclasses."""
    return np.array(COARSE_OF_FINE, np.uint8)[labels]


def tar_gz(files: dict[str, bytes]) -> bytes:
    """Return files as a gzipped tar archive."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return file.getvalue()


def tiny_arrays(name: str) -> dict[str, np.ndarray]:
    """Return x_train, y_train, x_test, y_test shaped like the set's: few, of every class."""
    height, _, channels = PUBLISHED[name].image_shape
    classes = len(PUBLISHED[name].class_names)
    arrays = {}
    for part, n in (("train", 10 * classes), ("test", 2 * classes)):
        images, _ = shapes(n, side=height, channels=channels, seed=n + height)
        arrays[f"x_{part}"] = images if channels == 3 else images[..., 0]
        arrays[f"y_{part}"] = (np.arange(n) % classes).astype(np.uint8)
    return arrays


def tiny_published(name: str, place: str) -> tuple[Published, dict[str, bytes]]:
    """Return a set whose archives lie under the URL ``place``, and those archives by path."""
    arrays = tiny_arrays(name)
    if name.startswith("cifar"):
        bodies = [(cifar_archive if name == "cifar10" else cifar100_archive)(arrays)]
    else:
        bodies = [idx(array) for array in arrays.values()]
    files, archives = {}, []
    for archive, body in zip(PUBLISHED[name].archives, bodies, strict=True):
        path = f"/{name}/{archive.file}"
        files[path] = body
        digest = hashlib.sha256(body).hexdigest()
        archives.append(Archive(archive.file, digest, len(body), (place + path,)))
    images = np.concatenate([arrays["x_train"], arrays["x_test"]])
    labels = np.concatenate([arrays["y_train"], arrays["y_test"]])
    shape = (len(images), *PUBLISHED[name].image_shape)
    known = combined([(shape, sha256(images), labels)], PUBLISHED[name].class_names)
    published = replace(
        PUBLISHED[name],
        sizes={part: len(arrays[f"y_{part}"]) for part in ("train", "test")},
        arrays={key: sha256(array) for key, array in arrays.items()},
        fingerprint=known if PUBLISHED[name].fingerprint else "",
        archives=tuple(archives),
    )
    return published, files


def tiny_coarse() -> Published:
    """Return CIFAR-100 by its superclasses, its checksums those of the tiny one."""
    arrays = tiny_arrays("cifar100")
    arrays |= {key: coarse_of(arrays[key]) for key in ("y_train", "y_test")}
    hashes = {key: sha256(array) for key, array in arrays.items()}
    return replace(PUBLISHED["cifar100-coarse"], arrays=hashes)


def save_npz(folder: Path, name: str, **changes: np.ndarray) -> Path:
    """Write the set as ``<name>.npz``, arrays replaced by ``changes``."""
    path = folder / f"{name}.npz"
    np.savez(path, **{**tiny_arrays(name), **changes})
    return path
