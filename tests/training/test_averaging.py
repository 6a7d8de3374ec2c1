import numpy as np

from smalti import api
from smalti.training.progress import Listener
from tests.datasets import tiny_dataset


def test_averaged_weights_are_kept_with_the_running_statistics_also_without_validation(tmp_path):
    fields = {
        "training.ema": 0.9, "training.threads": 1, "training.batch_size": 16,
        "model.filters": (4,), "model.hidden": (8,),
    }  # fmt: skip
    dataset = tiny_dataset(validation=0)
    run = api.train(dataset, "cnn", epochs=2, set=fields, out=tmp_path, listener=Listener())
    weights, _ = run.read_model()
    last, _ = run.read_last()
    name = "stage1_conv1_norm.running_mean"
    assert np.abs(weights[name]).max() > 0
    np.testing.assert_array_equal(weights[name], last[f"weights.{name}"])
