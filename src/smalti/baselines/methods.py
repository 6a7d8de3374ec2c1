"""The classical methods: each as an estimator of scikit-learn with its customary pixels.

Each function takes the recipe's section, the number of features and of pictures that there are,
and a seed; it returns an unfitted pipeline from pixels 0..1 (float32 N×features) to classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smalti.recipes import BaselineConfig

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Step = tuple[str, Any]
"""A step of a pipeline: its name and the estimator."""

REGRESSION_ITERATIONS = 300
"""Of L-BFGS; it mostly ends earlier, and where it does not, the run says so."""

KERNEL_CACHE = 500
"""Megabytes of kernel values that libsvm keeps: with its own 200 it computes most of them twice."""


def knn(config: BaselineConfig, features: int, pictures: int, seed: int) -> Pipeline:
    """K nearest neighbours by Euclidean distance, on pixels from 0 to 1; every vote counts one."""
    return _pipeline([], _neighbours(config, pictures))


def pca_knn(config: BaselineConfig, features: int, pictures: int, seed: int) -> Pipeline:
    """K nearest neighbours among principal components, which are not rescaled."""
    return _pipeline(_components(config, features, pictures), _neighbours(config, pictures))


def linear_svm(config: BaselineConfig, features: int, pictures: int, seed: int) -> Pipeline:
    """One linear machine a class (squared hinge loss, LIBLINEAR; Fan et al. 2008)."""
    from sklearn.svm import LinearSVC

    # The primal is solved: the dual has as many unknowns as pictures and hardly converges here.
    machine = LinearSVC(C=config.C, dual=False, random_state=seed)
    return _pipeline(_components(config, features, pictures), machine)


def rbf_svm(config: BaselineConfig, features: int, pictures: int, seed: int) -> Pipeline:
    """Gaussian kernel, one machine for each pair of classes (LIBSVM; Chang & Lin 2011)."""
    from sklearn.svm import SVC

    gamma = config.gamma or "scale"
    machine = SVC(C=config.C, gamma=gamma, cache_size=KERNEL_CACHE)
    return _pipeline(_components(config, features, pictures), machine)


def forest(config: BaselineConfig, features: int, pictures: int, seed: int) -> Pipeline:
    """Trees on bootstrap samples, the root of the features tried at each split (Breiman 2001)."""
    from sklearn.ensemble import RandomForestClassifier

    return _pipeline([], RandomForestClassifier(config.trees, random_state=seed))


def logistic_regression(
    config: BaselineConfig, features: int, pictures: int, seed: int
) -> Pipeline:
    """Softmax regression with an L2 penalty, on pixels brought to mean 0 and deviation 1."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    regression = LogisticRegression(C=config.C, max_iter=REGRESSION_ITERATIONS)
    scaled: list[Step] = [("scale", StandardScaler(copy=False))]
    return _pipeline([*_components(config, features, pictures), *scaled], regression)


def _pipeline(before: list[Step], last: Any) -> Pipeline:
    from sklearn.pipeline import Pipeline

    return Pipeline([*before, ("classify", last)])


def _components(config: BaselineConfig, features: int, pictures: int) -> list[Step]:
    """Return the reduction as a step; nothing where the pixels are no more than what is asked."""
    if not 0 < config.components < min(features, pictures):
        return []
    from sklearn.decomposition import PCA

    # Exact and the same for every seed; quicker than the others where pictures outnumber pixels.
    return [("reduce", PCA(config.components, svd_solver="covariance_eigh"))]


def _neighbours(config: BaselineConfig, pictures: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    # Trees of points are slower than all distances from about twenty dimensions on.
    return KNeighborsClassifier(min(config.neighbours, pictures), algorithm="brute")
