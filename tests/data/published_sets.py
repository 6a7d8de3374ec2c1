"""Tiny stand-ins for the published sets, in the formats of the real ones, with a local server."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from smalti.data.fingerprints import combined, sha256
from smalti.data.published import PUBLISHED, Archive, Published
from tests.support import shapes


def idx(array: np.ndarray) -> bytes:
    """Return an array as the content of a gzipped idx file."""
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return gzip.compress(header + array.tobytes(), mtime=0)


def cifar_rows(images: np.ndarray, labels: np.ndarray) -> bytes:
    """Return pictures and labels as rows of CIFAR-10's binary version."""
    planes = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    return np.concatenate([labels[:, None].astype(np.uint8), planes], axis=1).tobytes()


def cifar_archive(arrays: dict[str, np.ndarray]) -> bytes:
    """Return arrays as the content of CIFAR-10's binary archive."""
    pieces = zip(
        np.array_split(arrays["x_train"], 5), np.array_split(arrays["y_train"], 5), strict=True
    )
    batches = {f"data_batch_{k}.bin": cifar_rows(*piece) for k, piece in enumerate(pieces, 1)}
    batches["test_batch.bin"] = cifar_rows(arrays["x_test"], arrays["y_test"])
    batches["readme.html"] = b"<html>"
    return tar_gz({f"cifar-10-batches-bin/{name}": body for name, body in batches.items()})


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
    """Return x_train, y_train, x_test, y_test shaped like the set's, few and of ten classes."""
    height, _, channels = PUBLISHED[name].image_shape
    arrays = {}
    for part, n in (("train", 100), ("test", 20)):
        images, _ = shapes(n, side=height, channels=channels, seed=n + height)
        arrays[f"x_{part}"] = images if channels == 3 else images[..., 0]
        arrays[f"y_{part}"] = np.arange(n, dtype=np.uint8) % 10
    return arrays


def tiny_published(name: str, place: str) -> tuple[Published, dict[str, bytes]]:
    """Return a set whose archives lie under the URL ``place``, and those archives by path."""
    arrays = tiny_arrays(name)
    if name == "cifar10":
        bodies = [cifar_archive(arrays)]
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
        sizes={"train": 100, "test": 20},
        arrays={key: sha256(array) for key, array in arrays.items()},
        fingerprint=known,
        archives=tuple(archives),
    )
    return published, files


def save_npz(folder: Path, name: str, **changes: np.ndarray) -> Path:
    """Write the set as ``<name>.npz``, arrays replaced by ``changes``."""
    path = folder / f"{name}.npz"
    np.savez(path, **{**tiny_arrays(name), **changes})
    return path
