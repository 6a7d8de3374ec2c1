"""Which file a picture of a folder came from."""

from __future__ import annotations

from pathlib import Path

from smalti.data.dataset import Dataset
from smalti.data.folder_layout import listing


def file_names(dataset: Dataset) -> list[str]:
    """Return the path inside the folder of each picture, by its row; nothing for arrays.

    Nothing, too, where the folder no longer holds what was decoded.
    """
    if dataset.file_sizes is None or not Path(dataset.source).expanduser().is_dir():
        return []
    skipped = {file for file, _ in dataset.skipped}
    files = listing(Path(dataset.source).expanduser()).files
    names = [file.shown for file in files if file.shown not in skipped]
    return names if len(names) == len(dataset.file_sizes) else []
