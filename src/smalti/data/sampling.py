"""Some pictures of every class, chosen by a seed."""

from __future__ import annotations

import numpy as np

from smalti.data.dataset import Part


def of_each_class(part: Part, n_classes: int, n: int, seed: int = 0) -> list[np.ndarray]:
    """Return for each class the positions of ``n`` of its pictures, in their order.

    A class that has fewer gives all of them; the same seed gives the same pictures.
    """
    random = np.random.default_rng(seed)
    order = random.permutation(len(part))
    labels = part.labels[order]
    return [np.sort(order[labels == label][:n]) for label in range(n_classes)]
