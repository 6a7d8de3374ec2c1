"""CIFAR-100's names, and its 20 superclasses."""

from __future__ import annotations

from smalti.data.class_names import COARSE, COARSE_OF_FINE, FINE, SUPERCLASSES


def test_there_are_100_classes_and_20_superclasses_of_five() -> None:
    assert len(FINE) == len(set(FINE)) == len(COARSE_OF_FINE) == 100
    assert len(COARSE) == 20
    assert all(len(names) == 5 for names in SUPERCLASSES.values())
    for names in (FINE, COARSE):
        assert list(names) == sorted(names)


def test_the_labels_of_the_official_files() -> None:
    # From the `meta` of the published archive, and pairs of labels in its first rows.
    assert (FINE[0], FINE[19], FINE[29], FINE[99]) == ("apple", "cattle", "dinosaur", "worm")
    assert [COARSE_OF_FINE[fine] for fine in (19, 29, 0, 11, 1)] == [11, 15, 4, 14, 1]
    assert COARSE[11] == "large_omnivores_and_herbivores"
